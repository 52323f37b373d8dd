//! The resolved factory: every reference followed, every number an input, no invalid state.

use gigatwin_catalog::{Confidence, ModelShape, Precision};
use gigatwin_programme::gate::Gate;
use gigatwin_programme::scale::Scale;
use gigatwin_quantity::{
    Bandwidth, CarbonIntensity, Data, Energy, EnergyPrice, Flops, Growth, Hazard, HourPrice, Money, Power,
    PowerPrice, Share, Temperature, Time,
};

use crate::diagnostic::Diagnostic;
use crate::inputs::{In, Inputs, Plain};
use crate::resolve::{defaults, engines};

/// A factory ready to be evaluated.
#[derive(Debug)]
pub struct Factory {
    /// Name as given.
    pub name: String,
    /// Host State, ISO 3166 in lower case.
    pub country: String,
    /// Name of the place.
    pub place: String,
    /// Every number.
    pub inputs: Inputs,
    /// Words, ids and names by path.
    pub choices: Vec<(String, String)>,
    /// Words at their default.
    pub choices_at_default: usize,
    /// Warnings of resolving.
    pub warnings: Vec<Diagnostic>,
    /// SHA-256 over texts and catalog entries, hexadecimal.
    pub sha256: String,
    pub(crate) country_is_eu: bool,
    pub(crate) h100e: H100eBasis,
    pub(crate) site: Site,
    pub(crate) phases: Vec<Phase>,
    pub(crate) partitions: Vec<Partition>,
    pub(crate) fabrics: Vec<Fabric>,
    pub(crate) storage: Storage,
    pub(crate) energy: EnergyPlan,
    pub(crate) runs: Vec<TrainingRun>,
    pub(crate) services: Vec<Service>,
    pub(crate) tunes: Vec<Tuning>,
    pub(crate) developments: Vec<Development>,
    pub(crate) operations: Operations,
    /// Classes of access, as the catalog has them.
    pub(crate) access: Vec<gigatwin_programme::access::AccessClass>,
    pub(crate) federation: Option<Federation>,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) states: Vec<StateShare>,
    pub(crate) finance: Finance,
    pub(crate) costs: Costs,
    pub(crate) rules: Vec<RuleSet>,
    pub(crate) reference_accelerators: Option<In<Plain>>,
    pub(crate) defaults: defaults::Defaults,
    pub(crate) bands: engines::Bands,
    pub(crate) training: crate::evaluate::train::TrainingModel,
    pub(crate) serving: crate::evaluate::serve::ServingModel,
    /// Coefficients of the hourly year.
    pub(crate) hourly: engines::HourlyDefaults,
    /// The place's synthetic year, compressed.
    pub(crate) weather: Vec<gigatwin_facility::WeatherPoint>,
}

/// What an H100-equivalent compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum H100eBasis {
    Bf16,
    Fp8,
    Bandwidth,
}

#[derive(Debug)]
pub(crate) struct Site {
    pub firm: In<Power>,
    pub flexible: Option<In<Power>>,
    pub curtailed: Option<In<Share>>,
    pub export: Option<In<Power>>,
    pub energised: Option<In<Plain>>,
    pub grid_lead_time: In<Time>,
    pub permit: Option<(In<Plain>, In<Time>)>,
    pub signature: Option<In<Plain>>,
    pub heat: Option<Heat>,
    pub climate: gigatwin_facility::Climate,
    /// Degrees north and east.
    pub position: (f64, f64),
    pub redundancy: String,
    pub backup: In<Time>,
    pub backed_share: In<Share>,
    pub cooling: Cooling,
}

#[derive(Debug)]
pub(crate) struct Heat {
    pub buyer: String,
    pub supply: In<Temperature>,
    pub up_to: In<Power>,
    pub price: In<EnergyPrice>,
    pub base: In<Share>,
}

#[derive(Debug)]
pub(crate) struct Cooling {
    pub kind: CoolingKind,
    pub supply: In<Temperature>,
    pub adiabatic: bool,
    pub tower: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CoolingKind {
    WarmWater,
    ChilledWater,
    Air,
}

#[derive(Debug)]
pub(crate) struct Phase {
    pub name: String,
    pub slug: String,
    pub opens: Option<In<Plain>>,
    pub funded: In<Share>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Size {
    Units(In<Plain>),
    Racks(In<Plain>),
    Accelerators(In<Plain>),
}

#[derive(Debug)]
pub(crate) struct Partition {
    pub slug: String,
    pub phase: usize,
    pub fabric: usize,
    pub size: Size,
    pub per_unit: In<Plain>,
    pub nodes_per_unit: In<Plain>,
    pub racks_per_unit: In<Plain>,
    pub nic_rate: In<Bandwidth>,
    pub liquid_share: In<Share>,
    pub power_max: Option<In<Power>>,
    pub power_other: In<Power>,
    pub price: Option<In<Money>>,
    pub chip: ChipInputs,
    pub chip_id: String,
    pub system: String,
    pub vendor: String,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ChipInputs {
    pub bf16: In<Flops>,
    pub fp8: Option<In<Flops>>,
    pub fp4: Option<In<Flops>>,
    pub fp64: Option<In<Flops>>,
    pub memory: In<Data>,
    pub memory_bandwidth: In<Bandwidth>,
    pub scaleup_bandwidth: In<Bandwidth>,
    pub scaleup_domain: In<Plain>,
    pub tdp: In<Power>,
    pub idle: In<Power>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FabricKind {
    RailOptimised,
    FatTree,
    RailOnly,
    Dragonfly,
    DragonflyPlus,
    HyperX,
    Torus { edge: u32, circuit_ports: u32 },
}

impl FabricKind {
    /// The word of the language.
    pub(crate) fn word(self) -> &'static str {
        match self {
            FabricKind::RailOptimised => "rail-optimised fat tree",
            FabricKind::FatTree => "fat tree",
            FabricKind::RailOnly => "rail-only",
            FabricKind::Dragonfly => "dragonfly",
            FabricKind::DragonflyPlus => "dragonfly+",
            FabricKind::HyperX => "hyperx",
            FabricKind::Torus { .. } => "3d torus",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Fabric {
    pub slug: String,
    pub kind: FabricKind,
    pub ports: In<Plain>,
    pub port_rate: In<Bandwidth>,
    pub switch_power: In<Power>,
    pub switch_price: In<Money>,
    pub optic_rate: In<Bandwidth>,
    pub optic_power: In<Power>,
    pub optic_price: In<Money>,
    pub leaf: Option<In<Plain>>,
    pub spine: Option<In<Plain>>,
    pub planes: u32,
}

/// Given for the site, or a figure per accelerator.
#[derive(Debug)]
pub(crate) enum Scaled<Q> {
    Site(In<Q>),
    PerAccelerator(In<Q>),
}

#[derive(Debug)]
pub(crate) struct Storage {
    pub write: Scaled<Bandwidth>,
    pub capacity: Scaled<Data>,
    pub price_per_pb: In<Money>,
    pub power_per_pb: In<Power>,
}

#[derive(Debug)]
pub(crate) struct EnergyPlan {
    pub contracts: Vec<Contract>,
    pub battery: Option<(In<Power>, In<Energy>, In<EnergyPrice>)>,
    /// Round trip of the battery, where the file gives it.
    pub battery_efficiency: Option<In<Share>>,
    pub flexibility: Flexibility,
    pub sizing: Sizing,
    pub spot: In<EnergyPrice>,
    /// Bidding zone, where the catalog names it.
    pub zone: Option<String>,
    /// Monthly means over their own mean: the seasons of the price.
    pub seasons: Option<[f64; 12]>,
    pub network_and_levies: NetworkCharge,
    pub margin: In<EnergyPrice>,
    pub growth: In<Growth>,
    pub carbon_intensity: In<CarbonIntensity>,
}

/// What of the load may give way, where the file says so.
#[derive(Debug, Default)]
pub(crate) struct Flexibility {
    pub cap: Option<In<Share>>,
    pub hour_value: Option<In<HourPrice>>,
    pub deferrable: Option<In<Share>>,
    pub within: Option<In<Time>>,
    pub catch_up: Option<In<Power>>,
    pub deferral_cost: Option<In<EnergyPrice>>,
}

/// The most that may be built, where the file says so.
#[derive(Debug, Default)]
pub(crate) struct Sizing {
    pub solar: Option<In<Power>>,
    pub wind: Option<In<Power>>,
    pub battery_power: Option<In<Power>>,
    pub battery_energy: Option<In<Energy>>,
}

/// How an agreement delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    AsProduced,
    Baseload,
    OnSite,
}

/// What comes on top of energy.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NetworkCharge {
    Given(In<EnergyPrice>),
    /// Grid fees and the electricity tax of the country.
    Country {
        fees: In<EnergyPrice>,
        tax: In<EnergyPrice>,
    },
}

#[derive(Debug)]
pub(crate) enum Contract {
    Ppa { technology: Technology, delivery: Delivery, capacity: In<Power>, price: In<EnergyPrice> },
    Fixed { capacity: Option<In<Power>>, price: In<EnergyPrice> },
    Spot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Technology {
    Wind,
    OffshoreWind,
    Solar,
    Hydro,
    Nuclear,
}

#[derive(Debug)]
pub(crate) struct TrainingRun {
    pub slug: String,
    pub model: ModelShape,
    pub model_name: String,
    pub partition: usize,
    pub tokens: Option<In<Plain>>,
    pub sequence: In<Plain>,
    pub batch_tokens: In<Plain>,
    pub precision: Precision,
    pub share: In<Share>,
    pub layout: Option<GivenLayout>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GivenLayout {
    pub tp: u32,
    pub cp: u32,
    pub pp: u32,
    pub vpp: u32,
    pub ep: u32,
    pub dp: Option<u32>,
    pub micro_batch: u32,
    pub recompute: String,
    pub zero: u32,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub slug: String,
    pub model: ModelShape,
    pub model_name: String,
    pub partition: usize,
    pub precision: Precision,
    pub demand: Demand,
    pub prompt: In<Plain>,
    pub answer: In<Plain>,
    pub peak: In<Plain>,
    pub ttft: In<Time>,
    pub tpot: In<Time>,
    pub engine: GivenEngine,
    pub day: String,
    pub pools: GivenPools,
}

/// Whether prompts and answers share replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PoolForm {
    /// What takes fewer accelerators.
    Best,
    Together,
    Separate,
}

/// The file's word on pools.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenPools {
    pub form: PoolForm,
    /// Prefill to decode replicas.
    pub ratio: Option<gigatwin_serving::Ratio>,
}

/// Settings of the serving software that a file gives.
#[derive(Debug)]
pub(crate) struct GivenEngine {
    pub prefix_hit: Option<In<Share>>,
    pub chunk: Option<In<Plain>>,
    pub drafting: Option<Drafting>,
    /// Tokens of the common start, and the number of such starts.
    pub shared_prefix: Option<(In<Plain>, u32)>,
}

#[derive(Debug)]
pub(crate) struct Drafting {
    pub scatter: In<Share>,
    pub tokens: u32,
    pub acceptance: In<Share>,
    pub cost: In<Share>,
}

#[derive(Debug)]
pub(crate) enum Demand {
    PerDay(In<Plain>),
    /// Output tokens per day.
    Tokens(In<Plain>),
    Users {
        users: In<Plain>,
        requests_per_user_day: In<Plain>,
    },
}

#[derive(Debug)]
pub(crate) struct RolloutInputs {
    pub steps: In<Plain>,
    pub prompts: In<Plain>,
    pub answers: In<Plain>,
    pub prompt: In<Plain>,
    pub answer: In<Plain>,
}

#[derive(Debug)]
pub(crate) enum TuneKind {
    /// Tokens of a job.
    Supervised(In<Plain>),
    /// Tokens of a job.
    Adapters(In<Plain>),
    Reinforcement(RolloutInputs),
}

#[derive(Debug)]
pub(crate) struct Tuning {
    pub slug: String,
    pub model: ModelShape,
    pub model_name: String,
    pub partition: usize,
    pub kind: TuneKind,
    pub word: String,
    pub jobs_per_day: In<Plain>,
    pub accelerators: In<Plain>,
    pub precision: Precision,
}

#[derive(Debug)]
pub(crate) struct Development {
    pub slug: String,
    pub partition: usize,
    pub users: In<Plain>,
    pub sessions_per_user_day: In<Plain>,
    pub session: In<Time>,
    pub slice: In<Share>,
    pub reclaim: In<Time>,
}

#[derive(Debug)]
pub(crate) struct Operations {
    pub utilisation: In<Share>,
    pub node_failure_rate: In<Hazard>,
    pub repair: In<Time>,
    pub maintenance: In<Share>,
    pub window: Option<Recurring>,
}

/// A span that comes again and again.
#[derive(Debug)]
pub(crate) struct Recurring {
    pub length: In<Time>,
    pub every: Option<In<Time>>,
    pub first: Option<In<Time>>,
}

/// Accelerators that a tenant has to itself.
#[derive(Debug)]
pub(crate) struct TenantReservation {
    pub accelerators: In<Plain>,
    pub span: Recurring,
}

/// Other sites, and how jobs are routed.
#[derive(Debug)]
pub(crate) struct Federation {
    pub sites: Vec<String>,
    pub routing: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TenantKind {
    Union,
    States,
    Other,
}

#[derive(Debug)]
pub(crate) enum HoursRule {
    ByContribution,
    Remainder,
    Share(In<Share>),
}

#[derive(Debug)]
pub(crate) struct Tenant {
    pub name: String,
    pub slug: String,
    pub kind: TenantKind,
    pub word: String,
    pub hours: HoursRule,
    pub classes: Vec<(&'static str, In<Share>)>,
    pub price: Option<In<HourPrice>>,
    pub reservation: Option<TenantReservation>,
}

#[derive(Debug)]
pub(crate) struct StateShare {
    pub code: String,
    pub share: In<Share>,
    /// Most that the State has promised.
    pub commitment: Option<In<Money>>,
}

/// How the market price moves.
#[derive(Debug)]
pub(crate) struct PricePath {
    /// The change of each year after the price year.
    pub years: Vec<In<Growth>>,
    /// The change of every year after those; without it the price holds.
    pub after: Option<In<Growth>>,
}

#[derive(Debug)]
pub(crate) struct Finance {
    pub public_money: String,
    pub debt: Option<Debt>,
    pub life: In<Time>,
    pub residual: In<Share>,
    pub discount_rate: In<Share>,
    pub inflation: In<Growth>,
    pub price: In<HourPrice>,
    pub price_path: PricePath,
    pub horizon: Option<In<Time>>,
    pub refresh_cost: In<Plain>,
    pub tax: In<Share>,
    pub earlier_support: Option<In<Money>>,
}

#[derive(Debug)]
pub(crate) struct Debt {
    pub share: In<Share>,
    pub rate: In<Share>,
    pub tenor: In<Time>,
    pub dscr: In<Plain>,
    /// The same payment every month, rather than one that follows the cash flow.
    pub level: bool,
}

#[derive(Debug)]
pub(crate) struct Costs {
    pub shell_and_plant: In<PowerPrice>,
    pub grid_connection: In<PowerPrice>,
    pub land: In<Money>,
    pub installation: In<Share>,
    pub contingency: In<Share>,
    pub maintenance: In<Share>,
    pub plant_maintenance: In<Share>,
    pub posts: In<Plain>,
    pub cost_per_post: In<Money>,
    pub insurance: In<Share>,
}

/// A rule set of the catalog as far as a factory can be judged by it.
#[derive(Debug)]
pub(crate) struct RuleSet {
    pub id: String,
    pub gates: Vec<Rule>,
    pub scales: Vec<Scale>,
    pub union_share_max: Option<In<Share>>,
    pub union_share_operation: Option<In<Share>>,
    pub union_cap_phase_1: Option<In<Money>>,
    pub union_cap_phase_2: Option<In<Money>>,
    pub states_match_min: Option<In<Share>>,
    pub public_share_max: Option<In<Share>>,
}

/// A gate of `programme` with what only the faces need.
#[derive(Debug)]
pub(crate) struct Rule {
    pub gate: Gate,
    pub confidence: Confidence,
    pub cure: String,
}
