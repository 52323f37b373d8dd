//! Manifests hold nothing that an API server would refuse: every field is one of its object, with a value of its type.

#![allow(clippy::expect_used, clippy::panic)] // helpers of tests

#[path = "../common/mod.rs"]
mod common;
mod fields;
mod references;

use common::service;
use gigatwin_catalog::Precision;
use gigatwin_export::{PoolRole, kubernetes};

/// All that is wrong with a file.
fn faults(text: &str) -> Vec<String> {
    let mut found = fields::faults(text);
    found.extend(references::faults(&fields::objects(text).unwrap_or_default()));
    found
}

#[test]
fn services_on_one_node_and_on_several_are_taken() {
    for role in [None, Some(PoolRole::Prefill), Some(PoolRole::Decode)] {
        for (per_node, kind) in [(8, "Deployment"), (4, "LeaderWorkerSet")] {
            let mut export = service(2, 4, per_node, Precision::Fp8);
            // A Service's name begins with a letter.
            (export.role, export.name) = (role, "400b-helper");
            let text = kubernetes(&export).expect("files")[0].text.clone();
            assert_eq!(faults(&text), [""; 0], "{role:?}");
            let kinds = fields::objects(&text).expect("objects");
            assert_eq!(references::names(&kinds, kind).len(), 1);
            assert_eq!(references::names(&kinds, "Service").len(), 1);
        }
    }
}

/// A check that takes everything would prove nothing.
#[test]
fn what_an_api_server_refuses_is_found() {
    let group = kubernetes(&service(2, 4, 4, Precision::Fp8)).expect("files")[0].text.clone();
    let queues = "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata:\n  name: site\nspec:\n  fairSharing:\n    weight: \"0.5\"\n";
    assert_eq!(faults(queues), [""; 0]);
    for (text, from, to, said) in [
        (
            group.as_str(),
            "restartPolicy: Rec",
            "restartPolicies: Rec",
            "has no spec.leaderWorkerTemplate.restartPolicies",
        ),
        (&group, "RecreateGroupOnPodRestart", "Always", "one of"),
        (&group, "    size: 2", "    size: two", "is a integer"),
        (&group, "containerPort: 30000", "port: 30000", "containerPort is missing"),
        (
            &group,
            "            claimName: models",
            "            claim: models",
            "has no spec.volumes[].persistentVolumeClaim.claim",
        ),
        (&group, "targetPort: http", "targetPort: web", "finds no pods"),
        (&group, "    role: leader\n  ports", "    role: head\n  ports", "finds no pods"),
        (&group, "x-k8s.io/v1\n", "x-k8s.io/v2\n", "the table has it of"),
        (&group, "- name: shm\n", "- name: shared\n", "there is no volume"),
        (queues, "name: site", "name: Site", "is no name"),
        (queues, "name: site", "name: on", "is a truth value"),
        (queues, "\"0.5\"", "\"-0.5\"", "is a quantity"),
        (queues, "  fairSharing", "  parentName: site\n  fairSharing", "in a circle"),
        (queues, "  fairSharing", "  cohort: site\n  fairSharing", "has no spec.cohort"),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        let found = faults(&wrong);
        assert!(found.iter().any(|f| f.contains(said)), "{to}: {found:?}");
    }
}
