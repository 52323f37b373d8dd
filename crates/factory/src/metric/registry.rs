use gigatwin_quantity::Dim;

/// A figure of the outcome. Ids with `{name}` stand for one figure per partition, run, service, tenant or State.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricDef {
    /// Id, or pattern of ids.
    pub id: &'static str,
    /// Dimension of the value.
    pub dim: Dim,
    /// Unit in `--json` and tables, a symbol of [`Dim`] or empty for pure numbers.
    pub unit: &'static str,
    /// Base units in one of it.
    pub factor: f64,
    /// English label.
    pub label: &'static str,
    /// Arithmetic over other figures in base units, where it is that.
    pub formula: Option<&'static str>,
    /// Otherwise the model that computes it, in one sentence with its source.
    pub model: &'static str,
    /// Domain of `gigatwin validate` whose out-of-fold errors widen the band, if any does.
    pub validated_by: Option<&'static str>,
}

const MWH: f64 = 3.6e9;
const GWH: f64 = 3.6e12;

const fn arithmetic(
    id: &'static str,
    dim: Dim,
    unit: &'static str,
    factor: f64,
    label: &'static str,
    formula: &'static str,
) -> MetricDef {
    MetricDef { id, dim, unit, factor, label, formula: Some(formula), model: "", validated_by: None }
}

const fn modelled(
    id: &'static str,
    dim: Dim,
    unit: &'static str,
    factor: f64,
    label: &'static str,
    model: &'static str,
) -> MetricDef {
    MetricDef { id, dim, unit, factor, label, formula: None, model, validated_by: None }
}

const fn checked(def: MetricDef, domain: &'static str) -> MetricDef {
    MetricDef { validated_by: Some(domain), ..def }
}

use Dim::{
    Count, Date, Energy, EnergyPrice, Flops, H100e, HourPrice, Length, Mass, Money, Power, Ratio, Share,
    Time, Volume, WaterIntensity,
};

/// All figures, in the order of the outcome.
#[rustfmt::skip] // one figure a line: it is read as a table
pub static METRICS: &[MetricDef] = &[
    modelled("partition.{name}.units", Count, "", 1.0, "Units of the system", "as given, or accelerators over accelerators per unit, rounded up"),
    modelled("partition.{name}.accelerators", Count, "", 1.0, "Accelerators", "units times accelerators per unit of the catalog's system"),
    modelled("partition.{name}.h100_equivalents", H100e, "H100e", 1.0, "H100-equivalents", "accelerators times the chip's dense bf16 rate over 989.4 TFLOP/s (NVIDIA H100 SXM datasheet); other bases by factory.h100e"),
    modelled("partition.{name}.racks", Count, "", 1.0, "Racks", "units times rack places per unit"),
    modelled("partition.{name}.it_power", Power, "MW", 1e6, "IT power", "largest power of a unit (stated maximum, or chips at peak activity plus the rest of the unit) times units"),
    arithmetic("site.accelerators", Count, "", 1.0, "Accelerators", "sum(partition.*.accelerators)"),
    arithmetic("site.h100_equivalents", H100e, "H100e", 1.0, "H100-equivalents", "sum(partition.*.h100_equivalents)"),
    modelled("site.h100_equivalents.phase_1", H100e, "H100e", 1.0, "H100-equivalents of phase one", "sum over the partitions of the first phase"),
    arithmetic("site.h100_equivalents.final", H100e, "H100e", 1.0, "H100-equivalents of all phases", "site.h100_equivalents"),
    arithmetic("site.racks", Count, "", 1.0, "Racks", "sum(partition.*.racks)"),
    modelled("site.peak_flops", Flops, "EFLOP/s", 1e18, "Peak, dense bf16", "sum over accelerators of the dense bf16 rate"),
    modelled("site.peak_fp64", Flops, "PFLOP/s", 1e15, "Peak, fp64", "sum over accelerators of the fp64 rate (tensor cores where the chip has them)"),
    arithmetic("site.it_power", Power, "MW", 1e6, "IT power", "sum(partition.*.it_power) + fabric.power + storage.power"),
    modelled("site.it_power.phase_1", Power, "MW", 1e6, "IT power of phase one", "partitions of the first phase with their share of fabric and storage"),
    arithmetic("site.it_power.final", Power, "MW", 1e6, "IT power of all phases", "site.it_power"),
    checked(modelled("site.it_power_mean", Power, "MW", 1e6, "Mean IT power", "power of each state (idle, prefill, decode, training) by its share of time"), "power"),
    modelled("site.facility_power", Power, "MW", 1e6, "Facility power at peak", "IT power through the loss curves of the power chain, plus cooling at the hottest hour of the year"),
    arithmetic("site.facility_power_mean", Power, "MW", 1e6, "Mean facility power", "energy.annual / year_s"),
    arithmetic("site.pue", Ratio, "", 1.0, "PUE", "energy.annual / energy.it_annual"),
    modelled("site.wue", WaterIntensity, "L/kWh", 1.0 / 3.6e6, "WUE", "evaporation and blow-down of wetted hours over IT energy"),
    modelled("site.erf", Share, "", 1.0, "Energy reuse factor", "heat taken for reuse over facility energy (Regulation (EU) 2024/1364)"),
    modelled("site.grid_firm", Power, "MW", 1e6, "Firm grid capacity", "as given"),
    modelled("site.grid_flexible", Power, "MW", 1e6, "Flexible grid capacity", "as given"),
    arithmetic("site.grid_headroom", Power, "MW", 1e6, "Room at the grid", "site.grid_firm + site.grid_flexible - site.facility_power"),
    arithmetic("site.it_share_of_grid", Share, "", 1.0, "IT share of firm grid capacity", "site.it_power / site.grid_firm"),
    modelled("site.backup_hours", Time, "h", 3600.0, "Backup", "as given"),
    modelled("site.backup_fuel", Energy, "MWh", MWH, "Backup energy", "facility power of the backed share of IT over the backup time"),
    modelled("site.ratio_to_ai_factory", Ratio, "", 1.0, "Times today's largest AI Factory", "accelerators over those of JUPITER, the largest AI Factory with a published count"),
    modelled("site.described_use", Share, "%", 0.01, "Share of a day's accelerator-hours that the described work takes", "training runs, services, notebooks and fine-tuning, hour by hour; operations.utilisation stands for all tenants"),
    modelled("site.spare_accelerator_hours", Ratio, "", 1.0, "Accelerator-hours left for batch work on a day", "what training runs, services, notebooks and fine-tuning leave, hour by hour"),
    modelled("fabric.{name}.leaf_switches", Count, "", 1.0, "Leaf switches", "ceil(links over down-ports), per plane"),
    modelled("fabric.{name}.spine_switches", Count, "", 1.0, "Spine switches", "smallest number that divides a leaf's up-links evenly and carries them"),
    modelled("fabric.{name}.core_switches", Count, "", 1.0, "Core switches", "only where leaves outnumber a spine's ports"),
    modelled("fabric.{name}.cables", Count, "", 1.0, "Cables", "node–leaf, leaf–spine and spine–core"),
    modelled("fabric.{name}.cable_length", Length, "km", 1e3, "Cable length", "rack pitch and row geometry"),
    modelled("fabric.{name}.power", Power, "MW", 1e6, "Network power", "switches and transceivers"),
    modelled("fabric.{name}.price", Money, "EUR", 1.0, "Network price", "switches, transceivers and cables"),
    arithmetic("fabric.leaf_switches", Count, "", 1.0, "Leaf switches", "sum(fabric.*.leaf_switches)"),
    arithmetic("fabric.spine_switches", Count, "", 1.0, "Spine switches", "sum(fabric.*.spine_switches)"),
    arithmetic("fabric.core_switches", Count, "", 1.0, "Core switches", "sum(fabric.*.core_switches)"),
    arithmetic("fabric.cable_length", Length, "km", 1e3, "Cable length", "sum(fabric.*.cable_length)"),
    arithmetic("fabric.power", Power, "MW", 1e6, "Network power", "sum(fabric.*.power)"),
    modelled("storage.capacity", Dim::Data, "PB", 1e15, "Storage", "as given"),
    modelled("storage.checkpoint_time", Time, "s", 1.0, "Largest checkpoint to storage", "bytes of the largest run's state over write bandwidth"),
    modelled("storage.power", Power, "MW", 1e6, "Storage power", "capacity times power per petabyte"),
    modelled("energy.it_annual", Energy, "GWh", GWH, "IT energy", "mean IT power over the year"),
    modelled("energy.annual", Energy, "GWh", GWH, "Facility energy", "temperature bins of the year through power chain and cooling (bin method, ASHRAE)"),
    modelled("energy.cost_annual", Money, "EUR", 1.0, "Energy cost", "contracts, day-ahead purchases and sales, network charges and levies"),
    arithmetic("energy.price", EnergyPrice, "EUR/MWh", 1.0 / MWH, "Energy price, all in", "energy.cost_annual / energy.annual"),
    modelled("energy.carbon_annual", Mass, "kt", 1e6, "Emissions, location-based", "energy of facility and heat pumps times the grid's carbon intensity"),
    modelled("energy.carbon_market_annual", Mass, "kt", 1e6, "Emissions, market-based", "energy not covered by carbon-free contracts times the grid's carbon intensity"),
    modelled("energy.renewable_share_annual", Share, "", 1.0, "Renewable share, annual", "contracted renewable volume over consumption, at most one"),
    modelled("energy.renewable_share_hourly", Share, "", 1.0, "Renewable share, hour by hour", "duration curve of contracted production against the load"),
    modelled("energy.water_annual", Volume, "m3", 1e3, "Water", "evaporation and blow-down"),
    modelled("energy.heat_sold", Energy, "GWh", GWH, "Heat sold", "smaller of buyer's limit and heat of the loop, in the buyer's season"),
    modelled("training.{name}.accelerators_at_hand", Count, "", 1.0, "Accelerators at hand", "the run's share of its partition"),
    modelled("training.{name}.accelerators", Count, "", 1.0, "Accelerators used", "largest multiple of the layout that its share of the partition holds"),
    modelled("training.{name}.tokens", Count, "", 1.0, "Tokens", "as given, or twenty per parameter (Hoffmann 2022)"),
    checked(modelled("training.{name}.step_time", Time, "s", 1.0, "Step time", "roofline of every operator, collectives, pipeline bubble and optimizer of the best (or given) layout"), "training"),
    checked(modelled("training.{name}.mfu", Share, "", 1.0, "Model FLOP utilisation", "model FLOP (six per active weight and token plus causal attention) over step time and dense peak at the run's precision"), "training"),
    modelled("training.{name}.memory", Dim::Data, "GB", 1e9, "Memory per accelerator", "weights, gradients, optimizer state, activations and workspace"),
    modelled("training.{name}.ettr", Share, "", 1.0, "Effective training time", "closed form of Kokolis (arXiv 2410.21680) at the Young–Daly interval"),
    modelled("training.{name}.days", Time, "d", 86_400.0, "Days", "steps times step time over effective training time"),
    modelled("training.{name}.energy", Energy, "GWh", GWH, "Energy", "facility energy of its accelerators over its days"),
    arithmetic("training.{name}.cost", Money, "EUR", 1.0, "Cost", "training.{name}.accelerators * training.{name}.days / 3600 * cost.lcoc_per_accelerator_hour"),
    modelled("training.{name}.carbon", Mass, "kt", 1e6, "Emissions", "its energy times the grid's carbon intensity"),
    modelled("serving.{name}.chips", Count, "", 1.0, "Accelerators at peak", "replicas at the busiest hour plus one, times accelerators per replica"),
    modelled("serving.{name}.replicas", Count, "", 1.0, "Replicas at peak", "peak token rate over a replica's rate within the objectives, plus one spare"),
    modelled("serving.{name}.prefill_replicas", Count, "", 1.0, "Prefill replicas at peak", "separate pools: peak request rate over a prefill replica's rate within the first-token objective, plus one spare"),
    modelled("serving.{name}.decode_replicas", Count, "", 1.0, "Decode replicas at peak", "separate pools: peak request rate over a decode replica's rate within the objective for each token, plus one spare"),
    modelled("serving.{name}.kv_transfer", Time, "ms", 1e-3, "Time for keys and values to change pools", "those of a mean prompt over the ports of a replica, in the network between scale-up domains"),
    modelled("serving.{name}.tokens_per_second", Ratio, "tokens/s", 1.0, "Output tokens per second at peak", "demand of the busiest hour"),
    checked(modelled("serving.{name}.capacity_tokens_per_second", Ratio, "tokens/s", 1.0, "Output tokens per second the partition could serve", "all accelerators of the partition in the same deployment"), "serving"),
    checked(modelled("serving.{name}.ttft", Time, "ms", 1e-3, "Time to first token, P99", "prefill and queue of the chosen deployment"), "serving"),
    checked(modelled("serving.{name}.tpot", Time, "ms", 1e-3, "Time per output token, P99", "resource model of a decode step at the chosen batch"), "serving"),
    modelled("serving.{name}.cost_per_million_tokens", Money, "EUR", 1.0, "EUR per million output tokens", "accelerator-hours of the service at the levelised cost over its output tokens"),
    modelled("serving.{name}.energy_per_token", Energy, "J", 1.0, "Energy per output token", "facility energy of its accelerators over its output tokens"),
    modelled("serving.{name}.accelerator_hours", Count, "", 1.0, "Accelerator-hours on a day", "replicas that follow the hour's demand, N+1 and loading ones included; the busiest hour is the peak's"),
    modelled("tune.{name}.jobs", Ratio, "", 1.0, "Fine-tuning jobs done on a day", "gangs on what training runs, services and notebooks leave in each hour of the day, restarts after interruptions included"),
    modelled("tune.{name}.time", Time, "h", 3600.0, "Time of a fine-tuning job without interruption", "6 FLOP per weight and token, 4 with adapters; reinforcement: rollout with its barrier, 8 FLOP per weight and token, weights sent once a step"),
    modelled("tune.{name}.accelerator_hours", Ratio, "", 1.0, "Accelerator-hours of fine-tuning on a day", "work done and restarts"),
    modelled("tune.{name}.rollout", Share, "%", 0.01, "Share of a fine-tuning job in rollouts", "replay of one step's answers on the job's accelerators until the longest is complete"),
    modelled("tune.{name}.energy", Energy, "MWh", 3.6e9, "Energy of fine-tuning on a day", "facility energy of its accelerator-hours: rollouts decode, the rest trains"),
    modelled("tune.{name}.cost", Money, "EUR", 1.0, "Cost of a fine-tuning job", "its accelerator-hours at the levelised cost"),
    modelled("develop.{name}.sessions", Ratio, "", 1.0, "Notebooks open at the busiest hour", "sessions begun within a life before, by the course of an office day"),
    modelled("develop.{name}.accelerators", Count, "", 1.0, "Accelerators of notebooks at the busiest hour", "slices that 99 of 100 sessions find, idle ones taken back after the time-out"),
    modelled("develop.{name}.accelerator_hours", Ratio, "", 1.0, "Accelerator-hours of notebooks on a day", "sum over the hours of the day"),
    modelled("develop.{name}.energy", Energy, "MWh", 3.6e9, "Energy of notebooks on a day", "facility energy of the slices they hold: as in training while a cell runs, idle else"),
    modelled("develop.{name}.cost", Money, "EUR", 1.0, "Cost of notebooks on a day", "their accelerator-hours at the levelised cost"),
    modelled("develop.{name}.busy", Share, "%", 0.01, "Share of held slices in which a cell runs", "runs and pauses of cells, pauses cut by the time-out"),
    modelled("cost.systems", Money, "EUR", 1.0, "Systems", "units times price"),
    arithmetic("cost.network", Money, "EUR", 1.0, "Network", "sum(fabric.*.price)"),
    modelled("cost.storage", Money, "EUR", 1.0, "Storage", "capacity times price per petabyte"),
    modelled("cost.installation", Money, "EUR", 1.0, "Installation", "share of computing hardware"),
    arithmetic("cost.capex_computing", Money, "EUR", 1.0, "Computing CAPEX", "cost.systems + cost.network + cost.storage + cost.installation"),
    modelled("cost.shell_and_plant", Money, "EUR", 1.0, "Building, power and cooling", "cost per IT power, with design and commissioning"),
    modelled("cost.grid_connection", Money, "EUR", 1.0, "Grid connection", "cost per firm and flexible power"),
    modelled("cost.land", Money, "EUR", 1.0, "Land and site", "as given, or the default"),
    modelled("cost.backup_and_battery", Money, "EUR", 1.0, "Backup and battery", "generators and fuel store per power, battery per energy"),
    arithmetic("cost.capex_facility", Money, "EUR", 1.0, "Facility CAPEX", "cost.shell_and_plant + cost.grid_connection + cost.land + cost.backup_and_battery"),
    modelled("cost.contingency", Money, "EUR", 1.0, "Contingency", "share of computing and of facility CAPEX"),
    arithmetic("cost.capex_total", Money, "EUR", 1.0, "Cost to build", "cost.capex_computing + cost.capex_facility + cost.contingency"),
    modelled("cost.maintenance", Money, "EUR", 1.0, "Maintenance per year", "shares of hardware and of plant"),
    modelled("cost.staff", Money, "EUR", 1.0, "Staff and services per year", "posts per megawatt of IT times their cost"),
    modelled("cost.insurance", Money, "EUR", 1.0, "Insurance per year", "share of the investment"),
    modelled("cost.site_and_software", Money, "EUR", 1.0, "Site and software per year", "leases and site services, licences and support per accelerator"),
    modelled("cost.heat_revenue", Money, "EUR", 1.0, "Net revenue from heat per year", "heat sold times its price less the electricity of the heat pump"),
    arithmetic("cost.opex_annual", Money, "EUR", 1.0, "Cost to run per year", "energy.cost_annual + cost.maintenance + cost.staff + cost.insurance + cost.site_and_software - cost.heat_revenue"),
    modelled("cost.capex_annuity", Money, "EUR", 1.0, "Investment per year", "annuity of computing CAPEX less residual over its life and of the facility over its own, at the discount rate"),
    arithmetic("cost.lcoc_per_accelerator_hour", HourPrice, "EUR/h", 1.0, "Levelised cost per available accelerator-hour", "(cost.capex_annuity + cost.opex_annual) / hours.available_annual"),
    arithmetic("cost.lcoc_per_sold_hour", HourPrice, "EUR/h", 1.0, "Levelised cost per used accelerator-hour", "(cost.capex_annuity + cost.opex_annual) / hours.used_annual"),
    arithmetic("cost.lcoc_per_h100e_hour", HourPrice, "EUR/h", 1.0, "Levelised cost per available H100e-hour", "cost.lcoc_per_accelerator_hour * site.accelerators / site.h100_equivalents"),
    arithmetic("cost.computing_per_accelerator", Money, "EUR", 1.0, "Computing CAPEX per accelerator", "cost.capex_computing / site.accelerators"),
    modelled("hours.installed_annual", Count, "h", 1.0, "Accelerator-hours installed", "accelerators times 8,766 hours"),
    modelled("hours.available_annual", Count, "h", 1.0, "Accelerator-hours available", "installed hours less failures under repair, maintenance and outages"),
    modelled("hours.used_annual", Count, "h", 1.0, "Accelerator-hours used", "available hours times utilisation"),
    modelled("use.{name}.hours", Count, "h", 1.0, "Accelerator-hours per year of a use", "the day of the site, hour by hour: training runs, replicas that answer or load, notebooks, fine-tuning, and batch work on the rest; together the hours installed"),
    modelled("use.{name}.energy", Energy, "GWh", GWH, "Energy per year of a use", "facility energy in proportion to the power of its states, common equipment by accelerators; together the facility's energy"),
    modelled("use.{name}.cost", Money, "EUR", 1.0, "Cost per year of a use", "energy cost by energy, the rest of investment per year and cost to run by hours; together both"),
    modelled("use.{name}.cost_per_hour", HourPrice, "EUR/h", 1.0, "Cost of an installed accelerator-hour of a use", "its cost over its hours"),
    modelled("funding.union", Money, "EUR", 1.0, "Union", "share of computing CAPEX up to the rule set's ceiling and the lot's caps, phase by phase"),
    modelled("funding.states", Money, "EUR", 1.0, "Member States", "at least the Union's part"),
    arithmetic("funding.public", Money, "EUR", 1.0, "Public money", "funding.union + funding.states"),
    arithmetic("funding.private", Money, "EUR", 1.0, "Private money", "cost.capex_total - funding.public"),
    modelled("funding.debt", Money, "EUR", 1.0, "Debt", "smaller of the gearing limit and what the cover ratio allows"),
    modelled("funding.financing_cost", Money, "EUR", 1.0, "Cost of financing until opening", "interest while building, fees, advisers and the first filling of the reserve"),
    modelled("funding.public_later", Money, "EUR", 1.0, "Public money that comes with the hours", "public money that does not pay for building: it is pre-financed by debt and equity"),
    arithmetic("funding.equity", Money, "EUR", 1.0, "Equity", "cost.capex_total + funding.financing_cost - funding.public + funding.public_later - funding.debt"),
    arithmetic("funding.public_share", Share, "", 1.0, "Public share of the investment", "funding.public / cost.capex_total"),
    arithmetic("funding.union_share_of_computing", Share, "", 1.0, "Union share of computing CAPEX", "funding.union / cost.capex_computing"),
    modelled("funding.states_to_union", Ratio, "", 1.0, "States over Union", "funding.states over funding.union"),
    modelled("funding.opex_public_share", Share, "", 1.0, "Public share of the cost to run", "none under Regulation (EU) 2026/150; up to the share of the rule set for AI Factories"),
    modelled("finance.irr_equity", Share, "", 1.0, "Equity return", "internal rate of the nominal equity cash flow (XIRR, ACT/365)"),
    modelled("finance.irr_project", Share, "", 1.0, "Project return", "internal rate of the nominal cash flow before debt"),
    modelled("finance.dscr_min", Ratio, "", 1.0, "Lowest debt-service cover", "cash flow available for debt service over debt service, year by year"),
    modelled("finance.revenue_annual", Money, "EUR", 1.0, "Revenue in the first full year", "paid hours times their price"),
    modelled("finance.access_term", Time, "years", 31_556_952.0, "Term of public access", "life of the computing infrastructure"),
    modelled("tenant.{name}.hours", Count, "h", 1.0, "Accelerator-hours per year", "by contribution to computing CAPEX, by share, or the remainder"),
    modelled("tenant.{name}.hours.{class}", Count, "h", 1.0, "Accelerator-hours per year of a class", "share of the tenant's hours"),
    modelled("state.{name}.contribution", Money, "EUR", 1.0, "Contribution", "share of the States' part"),
    modelled("state.{name}.hours", Count, "h", 1.0, "Accelerator-hours per year", "hours of the States in proportion to contributions"),
    modelled("schedule.permit", Date, "date", 1.0, "Permit", "date of filing plus duration, with the common slip"),
    modelled("schedule.grid", Date, "date", 1.0, "Grid connection carries power", "as given"),
    modelled("schedule.opening", Date, "date", 1.0, "Opening", "opening of the first phase"),
    modelled("schedule.phase.{name}.opening", Date, "date", 1.0, "Opening of the phase", "latest of permit, grid, procurement and building, plus commissioning"),
    modelled("schedule.phase.{name}.slip", Time, "months", 2_629_746.0, "Later than asked", "expected opening less the date asked"),
    modelled("schedule.opening_after_signature", Time, "months", 2_629_746.0, "From signature to opening", "opening of the first phase less signature"),
];

/// The definition behind an id, patterns included. Names may contain dots only in the class of a tenant.
pub fn definition(id: &str) -> Option<&'static MetricDef> {
    METRICS.iter().find(|d| matches(d.id, id))
}

fn matches(pattern: &str, id: &str) -> bool {
    let (mut p, mut i) = (pattern.split('.'), id.split('.'));
    loop {
        match (p.next(), i.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || (a.starts_with('{') && !b.is_empty()) => {}
            _ => return false,
        }
    }
}
