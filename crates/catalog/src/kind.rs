use gigatwin_quantity::Dim;

/// The folders of the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Chips.
    Accelerators,
    /// Racks and nodes as they are bought.
    Systems,
    /// Network switches.
    Switches,
    /// Cables and transceivers.
    Optics,
    /// Model shapes.
    Models,
    /// Countries with prices and carbon.
    Countries,
    /// Towns and sites with climate statistics.
    Places,
    /// The existing AI Factories.
    AiFactories,
    /// Their antennas.
    Antennas,
    /// Sets of legal and tender rules.
    Rules,
    /// Cost constants by topic.
    Costs,
    /// Defaults of the factory file and of the models, by room.
    Defaults,
    /// What was announced, by whom and when.
    Claims,
    /// Classes of access, each a quality of service.
    AccessClasses,
}

impl Kind {
    /// All kinds, in the order of the folders.
    pub const ALL: [Kind; 14] = [
        Kind::Accelerators,
        Kind::Systems,
        Kind::Switches,
        Kind::Optics,
        Kind::Models,
        Kind::Countries,
        Kind::Places,
        Kind::AiFactories,
        Kind::Antennas,
        Kind::Rules,
        Kind::Costs,
        Kind::Defaults,
        Kind::Claims,
        Kind::AccessClasses,
    ];

    /// The folder's name.
    pub fn folder(self) -> &'static str {
        match self {
            Kind::Accelerators => "accelerators",
            Kind::Systems => "systems",
            Kind::Switches => "switches",
            Kind::Optics => "optics",
            Kind::Models => "models",
            Kind::Countries => "countries",
            Kind::Places => "places",
            Kind::AiFactories => "ai-factories",
            Kind::Antennas => "antennas",
            Kind::Rules => "rules",
            Kind::Costs => "costs",
            Kind::Defaults => "defaults",
            Kind::Claims => "claims",
            Kind::AccessClasses => "access-classes",
        }
    }

    /// From a folder's name.
    pub fn from_folder(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.folder() == name)
    }

    /// One thing of this kind, in words.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Accelerators => "accelerator",
            Kind::Systems => "system",
            Kind::Switches => "switch",
            Kind::Optics => "optic",
            Kind::Models => "model",
            Kind::Countries => "country",
            Kind::Places => "place",
            Kind::AiFactories => "AI Factory",
            Kind::Antennas => "antenna",
            Kind::Rules => "rule set",
            Kind::Costs => "cost topic",
            Kind::Defaults => "room of defaults",
            Kind::Claims => "claim",
            Kind::AccessClasses => "class of access",
        }
    }

    /// The figures an entry of this kind may have, with their dimensions, and whether each must be there. Empty where any
    /// name is allowed (costs, defaults, rules): there the reader states the dimension.
    pub fn keys(self) -> &'static [(&'static str, Dim, bool)] {
        use Dim::{
            Angle, Bandwidth, CarbonIntensity, Count, Data, Date, EnergyPrice, Flops, Irradiance, Length,
            Mass, Money, Power, PowerPrice, Ratio, Share, Speed, Temperature, TemperatureDifference, Time,
        };
        match self {
            Kind::Accelerators => &[
                ("fp64_vector", Flops, false),
                ("fp64_tensor", Flops, false),
                ("tf32_dense", Flops, false),
                ("bf16_dense", Flops, false),
                ("fp8_dense", Flops, false),
                ("fp4_dense", Flops, false),
                ("memory", Data, true),
                ("memory_bandwidth", Bandwidth, false),
                ("scaleup_bandwidth", Bandwidth, false),
                ("scaleup_domain", Count, false),
                ("tdp", Power, false),
                ("idle_power", Power, false),
                ("price", Money, false),
                ("matmul_achievable_bf16", Flops, false),
            ],
            Kind::Systems => &[
                ("accelerators", Count, true),
                ("nodes", Count, true),
                ("racks", Ratio, true),
                ("power_max", Power, false),
                ("power_typical", Power, false),
                ("power_other", Power, true),
                ("liquid_share", Share, true),
                ("nic_rate", Bandwidth, true),
                ("nics", Count, true),
                ("local_nvme", Data, false),
                ("weight", Mass, false),
                ("price", Money, false),
            ],
            Kind::Switches => &[
                ("ports", Count, true),
                ("port_rate", Bandwidth, true),
                ("power", Power, true),
                ("price", Money, false),
            ],
            Kind::Optics => &[
                ("rate", Bandwidth, true),
                ("power", Power, false),
                ("price", Money, false),
                ("reach", Length, false),
            ],
            Kind::Models => &[
                ("parameters", Count, true),
                ("parameters_active", Count, false),
                ("layers", Count, true),
                ("hidden", Count, true),
                ("heads", Count, true),
                ("kv_heads", Count, true),
                ("head_dim", Count, true),
                ("ffn", Count, true),
                ("vocabulary", Count, true),
                ("context", Count, true),
                ("training_tokens", Count, false),
                ("experts", Count, false),
                ("experts_active", Count, false),
                ("expert_ffn", Count, false),
                ("shared_experts", Count, false),
                ("dense_layers", Count, false),
                ("kv_lora_rank", Count, false),
                ("q_lora_rank", Count, false),
                ("rope_dim", Count, false),
                ("nope_dim", Count, false),
                ("value_dim", Count, false),
                ("sliding_window", Count, false),
                ("global_layer_every", Count, false),
                ("index_heads", Count, false),
                ("index_head_dim", Count, false),
                ("index_picked", Count, false),
                ("expert_latent", Count, false),
                ("state_space_layers", Count, false),
                ("attention_layers", Count, false),
                ("state_space_heads", Count, false),
                ("state_space_head_dim", Count, false),
                ("state_space_state", Count, false),
                ("state_space_groups", Count, false),
                ("mtp_layers", Count, false),
            ],
            Kind::Countries => &[
                ("price_industry", EnergyPrice, false),
                ("grid_fees", EnergyPrice, false),
                ("electricity_tax", EnergyPrice, false),
                ("wholesale_2023", EnergyPrice, false),
                ("wholesale_2024", EnergyPrice, false),
                ("wholesale_2025", EnergyPrice, false),
                ("wholesale_monthly", EnergyPrice, false),
                ("carbon_intensity", CarbonIntensity, true),
                ("temperature_mean", Temperature, true),
                ("temperature_summer", Temperature, true),
                ("corporate_tax", Share, false),
                ("grid_lead_time", Time, true),
                ("shell_cost", PowerPrice, false),
            ],
            Kind::Places => &[
                ("latitude", Angle, true),
                ("longitude", Angle, true),
                ("altitude", Length, true),
                ("temperature", Temperature, true),
                ("humidity", Share, false),
                ("diurnal_range", TemperatureDifference, true),
                ("wind", Speed, false),
                ("irradiance", Irradiance, false),
                ("design_temperature", Temperature, false),
                ("grid_lead_time", Time, false),
            ],
            Kind::AiFactories => &[
                ("accelerators", Count, false),
                ("cost", Money, false),
                ("union_share", Share, false),
                ("peak_fp64", Flops, false),
                ("peak_fp8", Flops, false),
                ("hpl_rmax", Flops, false),
                ("hpl_power", Power, false),
                ("start", Date, false),
            ],
            Kind::Antennas => &[("cost", Money, false), ("union_share", Share, false)],
            Kind::AccessClasses => &[
                ("priority", Share, true),
                ("time_limit", Time, true),
                ("user_share_max", Share, false),
                ("project_hours_max", Count, false),
                ("project_share_min", Share, false),
                ("call_share", Share, false),
                ("lead", Time, false),
                ("demand", Share, false),
                ("drawn_share_max", Share, false),
                ("run_mean", Time, false),
                ("run_median", Time, false),
            ],
            Kind::Rules | Kind::Costs | Kind::Defaults | Kind::Claims => &[],
        }
    }

    /// The dimension of a figure, where the kind fixes it.
    pub fn dim_of(self, key: &str) -> Option<Dim> {
        self.keys().iter().find(|(k, _, _)| *k == key).map(|(_, dim, _)| *dim)
    }
}
