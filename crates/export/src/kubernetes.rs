//! A Deployment and a Service of Kubernetes that run vLLM.

use crate::kueue::resource;
use crate::{ExportError, ExportFile, ServiceExport, vllm};

/// The file of a service for Kubernetes: `NAME-kubernetes.yaml`.
///
/// # Errors
/// Where one replica needs more than one node (a Deployment's pod lies on one), or the accelerator has no resource name known here.
pub fn kubernetes(export: &ServiceExport<'_>) -> Result<Vec<ExportFile>, ExportError> {
    if export.nodes() > 1 {
        return Err(ExportError::Unsupported {
            engine: "a Deployment of Kubernetes",
            what: format!("a replica on {} nodes", export.nodes()),
            instead: "use a LeaderWorkerSet with the script of export sglang",
        });
    }
    let resource = resource(export.chip)?;
    let (options, mut remarks) = vllm::options(export)?;
    // The first remark speaks of one replica; a Deployment starts all.
    remarks.remove(0);
    remarks.push("Set the image, MODEL and the volume of the weights to what your site has. The plan sized memory for mean lengths.".to_owned());
    let args: String =
        options.iter().flat_map(|o| o.split(' ')).map(|a| format!("            - \"{a}\"\n")).collect();
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
              {resource}: {chips}
            requests:
              {resource}: {chips}
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
        name = export.name,
        replicas = export.replicas,
        model = export.model,
        chips = export.deployment.chips(),
    );
    Ok(vec![ExportFile { name: format!("{}-kubernetes.yaml", export.name), text }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::sample;

    #[test]
    fn a_pod_asks_for_the_accelerators_of_one_replica() {
        let text = kubernetes(&sample()).expect("file")[0].text.clone();
        assert_eq!(text.matches("nvidia.com/gpu: 8").count(), 2);
        assert!(text.contains("  replicas: 3\n"));
        assert_eq!(text.split("\n---\n").count(), 2, "a Deployment and a Service");
        assert!(text.lines().all(|l| !l.contains('\t') && (l.len() - l.trim_start().len()) % 2 == 0));
        assert!(text.contains("            - \"--max-num-seqs\"\n            - \"63\"\n"));
    }

    #[test]
    fn two_nodes_and_unknown_devices_are_refused() {
        let mut export = sample();
        export.chip = "mi300x";
        assert!(kubernetes(&export).expect("file")[0].text.contains("amd.com/gpu: 8"));
        export.chip = "abacus";
        assert!(kubernetes(&export).is_err());
        export.chip = "h200-sxm";
        export.per_node = 4;
        assert!(kubernetes(&export).expect_err("two nodes").to_string().contains("LeaderWorkerSet"));
    }
}
