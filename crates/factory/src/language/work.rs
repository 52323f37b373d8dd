//! What is trained and served, and how well the site runs.

use gigatwin_catalog::Kind;
use gigatwin_quantity::Dim;

use super::{Need, Table, Takes, field, given, optional, required};

pub(crate) static LAYOUT: Table = Table {
    doc: "A parallel layout; what is left out is one.",
    fields: &[
        field("tp", Takes::Whole(1), Need::Word("1"), "Tensor parallelism."),
        field("cp", Takes::Whole(1), Need::Word("1"), "Context parallelism."),
        field("pp", Takes::Whole(1), Need::Word("1"), "Pipeline stages."),
        field("vpp", Takes::Whole(1), Need::Word("1"), "Virtual stages per device."),
        field("ep", Takes::Whole(1), Need::Word("1"), "Expert parallelism."),
        field(
            "dp",
            Takes::Whole(1),
            Need::Optional,
            "Data parallelism; what the partition has left, without it.",
        ),
        field("micro_batch", Takes::Whole(1), Need::Word("1"), "Sequences per micro-batch."),
        field(
            "recompute",
            Takes::Word(&["none", "selective", "full"]),
            Need::Word("selective"),
            "Activations computed again in the backward pass.",
        ),
        field("zero", Takes::Whole(0), Need::Word("1"), "ZeRO stage."),
    ],
};

pub(crate) static TRAIN: Table = Table {
    doc: "A training run.",
    fields: &[
        required("name", Takes::Text, "Name of the run."),
        required("model", Takes::Catalog(Kind::Models), "Model of the catalog."),
        required("on", Takes::Name("partition"), "Partition it runs on."),
        optional(
            "tokens",
            Takes::Quantity(Dim::Count),
            "Tokens to train on; twenty per parameter without it (Hoffmann 2022).",
        ),
        given("sequence", Dim::Count, "factory", "sequence", "Sequence length in tokens."),
        given("batch", Dim::Count, "factory", "batch_tokens", "Global batch in tokens."),
        field(
            "precision",
            Takes::Word(&["bf16", "fp8", "fp4"]),
            Need::Word("bf16"),
            "Number format of the matrix multiplications.",
        ),
        given("share", Dim::Share, "factory", "run_share", "Share of the partition it gets."),
        optional("layout", Takes::Table(&LAYOUT), "Parallel layout; planned without it."),
    ],
};

pub(crate) static DEMAND: Table = Table {
    doc: "Requests at a service.",
    fields: &[
        optional("users", Takes::Quantity(Dim::Count), "People who use it."),
        optional("requests_per_user_day", Takes::Quantity(Dim::Count), "Requests per person and day."),
        optional(
            "requests_per_day",
            Takes::Quantity(Dim::Count),
            "Requests per day, instead of the two above.",
        ),
        optional(
            "tokens_per_day",
            Takes::Quantity(Dim::Count),
            "Output tokens per day, instead of requests.",
        ),
        required("prompt", Takes::Quantity(Dim::Count), "Tokens of a mean prompt."),
        required("answer", Takes::Quantity(Dim::Count), "Tokens of a mean answer."),
        given("peak", Dim::Ratio, "factory", "peak_to_mean", "Busiest hour over the mean hour."),
        field(
            "day",
            Takes::Word(&["office", "consumer", "flat"]),
            Need::Word("office"),
            "Course of the day: working hours, evenings, or all hours alike.",
        ),
    ],
};

pub(crate) static OBJECTIVE: Table = Table {
    doc: "Latency that 99 of 100 requests must meet.",
    fields: &[
        given("ttft_p99", Dim::Time, "factory", "ttft_p99", "Time to first token."),
        given("tpot_p99", Dim::Time, "factory", "tpot_p99", "Time per output token."),
    ],
};

pub(crate) static ENGINE: Table = Table {
    doc: "Settings of the serving software.",
    fields: &[
        optional(
            "prefix_hit",
            Takes::Quantity(Dim::Share),
            "Share of the prompt tokens whose keys and values the prefix cache knows; none without it.",
        ),
        optional(
            "chunk",
            Takes::Quantity(Dim::Count),
            "Tokens that one step takes in; the catalog's default without it.",
        ),
        field(
            "draft_tokens",
            Takes::Whole(0),
            Need::Word("0"),
            "Tokens drafted before each verification; none, no speculation.",
        ),
        given(
            "draft_acceptance",
            Dim::Share,
            "serving",
            "draft_acceptance",
            "Chance that a drafted token is accepted.",
        ),
        given(
            "draft_cost",
            Dim::Share,
            "serving",
            "draft_cost",
            "Time to draft one token over that of a decode step.",
        ),
        given(
            "draft_scatter",
            Dim::Share,
            "serving",
            "draft_scatter",
            "Standard deviation of the acceptance from request to request.",
        ),
        optional(
            "shared_prefix",
            Takes::Quantity(Dim::Count),
            "Tokens at the start that prompts share, such as a system prompt; held once by the requests that are there together.",
        ),
        field(
            "prefix_groups",
            Takes::Whole(1),
            Need::Word("1"),
            "Different starts, asked for equally often.",
        ),
    ],
};

pub(crate) static POOLS: Table = Table {
    doc: "Whether prompts and answers share replicas or have pools of their own.",
    fields: &[
        field(
            "form",
            Takes::Word(&["best", "together", "separate"]),
            Need::Word("best"),
            "Replicas that do both, separate pools for prompts and answers (disaggregation), or what takes fewer accelerators.",
        ),
        optional(
            "prefill",
            Takes::Whole(1),
            "Prefill replicas that go with `decode` decode replicas; as the rates match without both.",
        ),
        optional("decode", Takes::Whole(1), "Decode replicas that go with `prefill` prefill replicas."),
    ],
};

pub(crate) static SERVE: Table = Table {
    doc: "A service.",
    fields: &[
        required("name", Takes::Text, "Name of the service."),
        required("model", Takes::Catalog(Kind::Models), "Model of the catalog."),
        required("on", Takes::Name("partition"), "Partition it runs on."),
        required("demand", Takes::Table(&DEMAND), "What is asked of it."),
        optional("objective", Takes::Table(&OBJECTIVE), "Latency objectives."),
        optional("engine", Takes::Table(&ENGINE), "Settings of the serving software."),
        optional("pools", Takes::Table(&POOLS), "Whether prompts and answers have pools of their own."),
        field(
            "precision",
            Takes::Word(&["bf16", "fp8", "fp4"]),
            Need::Word("fp8"),
            "Number format of the weights.",
        ),
    ],
};

pub(crate) static OPERATIONS: Table = Table {
    doc: "Failures, repair and utilisation.",
    fields: &[
        given(
            "utilisation",
            Dim::Share,
            "factory",
            "utilisation",
            "Share of the available hours that tenants use.",
        ),
        given(
            "node_failure_rate",
            Dim::Hazard,
            "fabric",
            "node_failure",
            "Failures of one node of eight accelerators; other nodes in proportion.",
        ),
        given("repair", Dim::Time, "fabric", "node_repair", "From failure to return to service."),
        given(
            "maintenance",
            Dim::Share,
            "factory",
            "maintenance_share",
            "Share of the year in planned maintenance.",
        ),
        optional(
            "window",
            Takes::Table(&WINDOW),
            "When the whole machine is maintained; without it the share of the year falls into one window a month. For operate.",
        ),
    ],
};

pub(crate) static WINDOW: Table = Table {
    doc: "Recurring maintenance of the whole machine; jobs that would reach into it wait until it is over.",
    fields: &[
        required("length", Takes::Quantity(Dim::Time), "How long it takes."),
        required("every", Takes::Quantity(Dim::Time), "From one to the next."),
        optional(
            "first",
            Takes::Quantity(Dim::Time),
            "From the start of a run to the first; one period without it.",
        ),
    ],
};

pub(crate) static RESERVATION: Table = Table {
    doc: "Accelerators that the tenant has to itself, in whole nodes; others may use them outside of that time.",
    fields: &[
        required("accelerators", Takes::Quantity(Dim::Count), "How many."),
        required("length", Takes::Quantity(Dim::Time), "How long each time."),
        optional("every", Takes::Quantity(Dim::Time), "From one time to the next; once without it."),
        optional(
            "first",
            Takes::Quantity(Dim::Time),
            "From the start of a run to the first; at its start without it.",
        ),
    ],
};

pub(crate) static FEDERATION: Table = Table {
    doc: "Other sites that operate simulates with this one, and how jobs are routed between them.",
    fields: &[
        required("sites", Takes::CatalogList(Kind::AiFactories), "AI Factories of the catalog."),
        field(
            "routing",
            Takes::Word(&["home", "wait", "data", "price", "carbon"]),
            Need::Word("wait"),
            "Who runs a job: its home, or the site with the least wait, least wait and transfer, least cost, least carbon.",
        ),
    ],
};
