//! Fine-tuning and interactive development.

use gigatwin_catalog::Kind;
use gigatwin_quantity::Dim;

use super::{Need, Table, Takes, field, given, optional, required};

pub(crate) static ROLLOUT: Table = Table {
    doc: "What each step of reinforcement learning rolls out.",
    fields: &[
        required("steps", Takes::Quantity(Dim::Count), "Steps of a job."),
        required("prompts", Takes::Quantity(Dim::Count), "Prompts of a step."),
        required("answers", Takes::Quantity(Dim::Count), "Answers to each prompt."),
        required("prompt", Takes::Quantity(Dim::Count), "Tokens of a mean prompt."),
        required("answer", Takes::Quantity(Dim::Count), "Tokens of a mean answer."),
    ],
};

pub(crate) static TUNE: Table = Table {
    doc: "Fine-tuning jobs, which run on what training runs, services and notebooks leave.",
    fields: &[
        required("name", Takes::Text, "Name of the kind of job."),
        required("model", Takes::Catalog(Kind::Models), "Model of the catalog."),
        required("on", Takes::Name("partition"), "Partition they run on."),
        required("jobs_per_day", Takes::Quantity(Dim::Count), "Jobs that come on a day."),
        field(
            "method",
            Takes::Word(&["sft", "lora", "rl"]),
            Need::Word("lora"),
            "All weights, adapters of low rank, or reinforcement learning with rollouts.",
        ),
        optional("tokens", Takes::Quantity(Dim::Count), "Tokens that a job of `sft` or `lora` trains on."),
        optional("rollout", Takes::Table(&ROLLOUT), "What a job of `rl` rolls out."),
        given(
            "accelerators",
            Dim::Count,
            "work",
            "tune_accelerators",
            "Accelerators that a job needs at once.",
        ),
        field(
            "precision",
            Takes::Word(&["bf16", "fp8", "fp4"]),
            Need::Word("bf16"),
            "Number format of the matrix multiplications.",
        ),
    ],
};

pub(crate) static DEVELOP: Table = Table {
    doc: "People who work in notebooks on slices of accelerators.",
    fields: &[
        required("name", Takes::Text, "Name of the group."),
        required("on", Takes::Name("partition"), "Partition they work on."),
        required("users", Takes::Quantity(Dim::Count), "People."),
        given(
            "sessions_per_user_day",
            Dim::Count,
            "work",
            "develop_sessions",
            "Sessions per person and day.",
        ),
        given("session", Dim::Time, "work", "develop_session", "Life of a session."),
        given("slice", Dim::Share, "work", "develop_slice", "Part of an accelerator that a session holds."),
        given(
            "reclaim",
            Dim::Time,
            "work",
            "develop_reclaim",
            "Pause after which an idle slice is taken back.",
        ),
    ],
};
