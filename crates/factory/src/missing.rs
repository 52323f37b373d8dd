//! Why a figure is n/a, in a few words: absent is said to be absent, never zero.

/// The reason behind a figure without a value.
pub(crate) fn reason(id: &str) -> &'static str {
    match id {
        "site.wue" | "energy.water_annual" => "the humidity of the place is not known",
        "energy.renewable_share_hourly" => "a plant under contract has no duration curve",
        "site.peak_fp64" => "the fp64 rate of an accelerator is not known",
        "finance.dscr_min" => "there is no debt",
        "finance.irr_equity" | "finance.irr_project" => {
            "no hours are paid for, or no single rate fits the cash flow"
        }
        "funding.states_to_union" => "there is no Union money",
        "schedule.opening_after_signature" => "no signature is given",
        "schedule.permit" => "no permit is given",
        "schedule.grid" => "no date of energising is given",
        "storage.checkpoint_time" => "no run writes checkpoints",
        _ if id.starts_with("schedule.") => "no opening is asked for",
        _ if id.starts_with("training.") => "the run cannot be done here",
        _ if id.starts_with("serving.") => "the service cannot be carried here, or its cost is not known",
        _ if id.starts_with("cost.") || id.starts_with("funding.") || id.starts_with("finance.") => {
            "the price of a system or network is not known"
        }
        _ if id.starts_with("tenant.") || id.starts_with("state.") => {
            "contributions are not known without prices"
        }
        _ => "what it is computed from is not known",
    }
}
