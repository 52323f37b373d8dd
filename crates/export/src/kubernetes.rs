//! A Deployment and a Service of Kubernetes that run vLLM, or a LeaderWorkerSet that runs SGLang where a replica takes several nodes.

use crate::kueue::resource;
use crate::slurm::ascii;
use crate::{ExportError, ExportFile, ServiceExport, sglang, vllm};

/// An argument of a shell as YAML writes it between double quotes.
fn quoted(argument: &str) -> String {
    argument.trim_matches('\'').replace('"', "\\\"")
}

/// The file of a service for Kubernetes: `NAME-kubernetes.yaml`. Its objects begin with a letter, as names of Services do.
///
/// # Errors
/// Where the accelerator has no resource name known here.
pub fn kubernetes(export: &ServiceExport<'_>) -> Result<Vec<ExportFile>, ExportError> {
    let resource = resource(export.chip)?;
    if export.nodes() > 1 {
        return Ok(vec![several_nodes(export, resource)]);
    }
    let (options, mut remarks) = vllm::options(export)?;
    // The first remark speaks of one replica; a Deployment starts all.
    remarks.remove(0);
    remarks.push("Set the image, MODEL and the volume of the weights to what your site has. The plan sized memory for mean lengths.".to_owned());
    let args: String = options
        .iter()
        .flat_map(|o| o.split(' '))
        .map(|a| format!("            - \"{}\"\n", quoted(a)))
        .collect();
    let text = format!(
        "{comment}apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app: {name}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:latest
          command: [\"vllm\", \"serve\", \"$(MODEL)\"]
          args:
{args}          env:
            - name: MODEL
              value: \"/models/{model}\"
          ports:
            - name: http
              containerPort: 8000
          resources:
            limits:
              {resource}: \"{chips}\"
            requests:
              {resource}: \"{chips}\"
          startupProbe:
            httpGet:
              path: /health
              port: http
            periodSeconds: 10
            failureThreshold: 180
          readinessProbe:
            httpGet:
              path: /health
              port: http
            periodSeconds: 5
          livenessProbe:
            httpGet:
              path: /health
              port: http
            periodSeconds: 10
            failureThreshold: 6
          volumeMounts:
            - name: models
              mountPath: /models
              readOnly: true
            - name: shm
              mountPath: /dev/shm
      volumes:
        - name: models
          persistentVolumeClaim:
            claimName: models
        - name: shm
          emptyDir:
            medium: Memory
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
",
        comment = export.comment(&remarks),
        name = ascii(export.name),
        replicas = export.replicas,
        model = export.model,
        chips = export.deployment.chips(),
    );
    Ok(vec![ExportFile { name: format!("{}-kubernetes.yaml", export.name), text }])
}

/// A group of pods, one per node, for each replica: a LeaderWorkerSet, whose controller has to be installed.
fn several_nodes(export: &ServiceExport<'_>, resource: &str) -> ExportFile {
    let (options, mut remarks) = sglang::options(export);
    remarks.remove(0);
    remarks.push("A replica takes several nodes: the LeaderWorkerSet controller (lws.sigs.k8s.io) has to be installed.".to_owned());
    remarks.push("Set the image, MODEL and the volume of the weights to what your site has. The plan sized memory for mean lengths.".to_owned());
    let args: String = ["--model-path", "$(MODEL)"]
        .into_iter()
        .chain(options.iter().flat_map(|o| o.split(' ')))
        .chain(["--nnodes", "$(LWS_GROUP_SIZE)", "--node-rank", "$(LWS_WORKER_INDEX)"])
        .chain(["--dist-init-addr", "$(LWS_LEADER_ADDRESS):20000"])
        .map(|a| format!("              - \"{a}\"\n"))
        .collect();
    // The accelerators of a replica divide evenly over its nodes, or the last node has room to spare.
    let on_node = export.deployment.chips().min(export.per_node.max(1));
    let pod = |role: &str, probe: &str| {
        format!(
            "        metadata:
          labels:
            app: {name}
            role: {role}
        spec:
          containers:
            - name: sglang
              image: lmsysorg/sglang:latest
              command: [\"python3\", \"-m\", \"sglang.launch_server\"]
              args:
{args}              env:
                - name: MODEL
                  value: \"/models/{model}\"
{probe}              resources:
                limits:
                  {resource}: \"{on_node}\"
                requests:
                  {resource}: \"{on_node}\"
              volumeMounts:
                - name: models
                  mountPath: /models
                  readOnly: true
                - name: shm
                  mountPath: /dev/shm
          volumes:
            - name: models
              persistentVolumeClaim:
                claimName: models
            - name: shm
              emptyDir:
                medium: Memory
",
            name = ascii(export.name),
            model = export.model,
            args = args.replace("              - ", "                - "),
        )
    };
    let probe = "              ports:
                - name: http
                  containerPort: 30000
              startupProbe:
                httpGet:
                  path: /health
                  port: http
                periodSeconds: 10
                failureThreshold: 360
              readinessProbe:
                httpGet:
                  path: /health
                  port: http
                periodSeconds: 5
";
    let text = format!(
        "{comment}apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata:
  name: {name}
  labels:
    app: {name}
spec:
  replicas: {replicas}
  leaderWorkerTemplate:
    size: {nodes}
    restartPolicy: RecreateGroupOnPodRestart
    leaderTemplate:
{leader}    workerTemplate:
{worker}---
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app: {name}
    role: leader
  ports:
    - name: http
      port: 80
      targetPort: http
",
        comment = export.comment(&remarks),
        name = ascii(export.name),
        replicas = export.replicas,
        nodes = export.nodes(),
        leader = pod("leader", probe).replace("\n        ", "\n      ").replacen("        ", "      ", 1),
        worker = pod("worker", "").replace("\n        ", "\n      ").replacen("        ", "      ", 1),
    );
    ExportFile { name: format!("{}-kubernetes.yaml", export.name), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::sample;

    #[test]
    fn a_pod_asks_for_the_accelerators_of_one_replica() {
        let text = kubernetes(&sample()).expect("file")[0].text.clone();
        assert_eq!(text.matches("nvidia.com/gpu: \"8\"").count(), 2);
        assert!(text.contains("  replicas: 3\n"));
        assert_eq!(text.split("\n---\n").count(), 2, "a Deployment and a Service");
        assert!(text.lines().all(|l| !l.contains('\t') && (l.len() - l.trim_start().len()) % 2 == 0));
        assert!(text.contains("            - \"--max-num-seqs\"\n            - \"63\"\n"));
    }

    #[test]
    fn several_nodes_are_a_group_and_unknown_devices_are_refused() {
        let mut export = sample();
        export.chip = "mi300x";
        assert!(kubernetes(&export).expect("file")[0].text.contains("amd.com/gpu: \"8\""));
        export.chip = "abacus";
        assert!(kubernetes(&export).is_err());
        export.chip = "h200-sxm";
        export.per_node = 4;
        let text = kubernetes(&export).expect("a group of pods")[0].text.clone();
        assert!(text.contains("kind: LeaderWorkerSet") && text.contains("    size: 2\n"));
        assert_eq!(text.matches("nvidia.com/gpu: \"4\"").count(), 4, "two pods, limits and requests");
    }
}
