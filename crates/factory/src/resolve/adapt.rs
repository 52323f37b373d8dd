//! Fine-tuning and interactive development.

use super::builder::Builder;
use super::work::{model, named, on, precision};
use crate::check::TableNode;
use crate::language::adapt as language;
use crate::resolved::{Development, Partition, RolloutInputs, TuneKind, Tuning};

pub(super) fn tunes(b: &mut Builder<'_>, root: &TableNode, partitions: &[Partition]) -> Vec<Tuning> {
    let mut list = Vec::new();
    let mut seen = Vec::new();
    for node in root.tables("tune") {
        let Some((slug, span)) = named(b, node, "kind of fine-tuning", &mut seen) else { continue };
        let path = format!("tune.{slug}");
        let model = model(b, node, &path);
        let partition = on(b, root, node, &path, partitions);
        let jobs_per_day = b.given(node, "jobs_per_day", &path);
        let word = b.word(&language::TUNE, node, "method", &path);
        let accelerators = b.quantity(&language::TUNE, node, "accelerators", &path);
        let precision = precision(&b.word(&language::TUNE, node, "precision", &path));
        let tokens = b.given(node, "tokens", &path);
        let rollout = node.table("rollout").map(|r| {
            let path = format!("{path}.rollout");
            let mut count = |key: &str| b.given(r, key, &path);
            let (steps, prompts, answers) = (count("steps"), count("prompts"), count("answers"));
            let (prompt, answer) = (count("prompt"), count("answer"));
            Some(RolloutInputs {
                steps: steps?,
                prompts: prompts?,
                answers: answers?,
                prompt: prompt?,
                answer: answer?,
            })
        });
        let kind = match (word.as_str(), tokens, rollout) {
            ("rl", _, Some(rollout)) => rollout.map(TuneKind::Reinforcement),
            ("sft", Some(tokens), _) => Some(TuneKind::Supervised(tokens)),
            ("lora", Some(tokens), _) => Some(TuneKind::Adapters(tokens)),
            (word, ..) => {
                let (message, hint) = if word == "rl" {
                    (
                        "fine-tuning by rl needs rollout",
                        "rollout = { steps, prompts, answers, prompt, answer }",
                    )
                } else {
                    ("fine-tuning by sft or lora needs tokens", "give the tokens that a job trains on")
                };
                b.error("G105", span, message, hint);
                None
            }
        };
        let tuning = (|| {
            let (model, model_name) = model?;
            Some(Tuning {
                slug,
                model,
                model_name,
                partition: partition?,
                kind: kind?,
                word,
                jobs_per_day: jobs_per_day?,
                accelerators: accelerators?,
                precision,
            })
        })();
        list.extend(tuning);
    }
    list
}

pub(super) fn developments(
    b: &mut Builder<'_>,
    root: &TableNode,
    partitions: &[Partition],
) -> Vec<Development> {
    let mut list = Vec::new();
    let mut seen = Vec::new();
    for node in root.tables("develop") {
        let Some((slug, _)) = named(b, node, "group of developers", &mut seen) else { continue };
        let path = format!("develop.{slug}");
        let partition = on(b, root, node, &path, partitions);
        let users = b.given(node, "users", &path);
        let sessions = b.quantity(&language::DEVELOP, node, "sessions_per_user_day", &path);
        let session = b.quantity(&language::DEVELOP, node, "session", &path);
        let slice = b.quantity(&language::DEVELOP, node, "slice", &path);
        let reclaim = b.quantity(&language::DEVELOP, node, "reclaim", &path);
        let group = (|| {
            Some(Development {
                slug,
                partition: partition?,
                users: users?,
                sessions_per_user_day: sessions?,
                session: session?,
                slice: slice?,
                reclaim: reclaim?,
            })
        })();
        list.extend(group);
    }
    list
}
