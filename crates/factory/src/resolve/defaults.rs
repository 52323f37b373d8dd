//! Coefficients of the models that a factory file does not name one by one: each an input with its source.

use gigatwin_quantity::{
    Bandwidth, CarbonIntensity, Data, Dim, EnergyPrice, Length, Money, Power, PowerRate, Share, Temperature,
    TemperatureDifference, Time,
};

use super::builder::Builder;
use crate::diagnostic::Span;
use crate::inputs::{In, Plain};

macro_rules! room {
    ($(#[$doc:meta])* $name:ident, $room:literal, $prefix:literal; $($field:ident: $quantity:ty = $dim:ident),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name {
            $(pub $field: In<$quantity>,)+
        }
        impl $name {
            fn read(b: &mut Builder<'_>, span: Span) -> Option<Self> {
                $(
                    let key = concat!($prefix, stringify!($field));
                    let path = format!("{}.{key}", $room);
                    let $field = b.default::<$quantity>($room, key, Dim::$dim, &path, span);
                )+
                Some(Self { $($field: $field?,)+ })
            }
        }
    };
}

room! { /// Cables and the hall they run in.
    Cabling, "fabric", "";
    cable_copper_reach: Length = Length,
    cable_copper_price: Money = Money,
    cable_fibre_price: Money = Money,
    floor_racks_per_row: Plain = Count,
    floor_rack_pitch: Length = Length,
    floor_row_pitch: Length = Length,
    floor_slack: Length = Length,
}

room! { /// Checkpoints and failures of long runs.
    Checkpoints, "fabric", "";
    storage_efficiency: Share = Share,
    storage_share: Share = Share,
    checkpoint_bytes_per_parameter: Data = Data,
    checkpoint_device_to_host: Bandwidth = Bandwidth,
    checkpoint_fixed_stall: Time = Time,
    restart: Time = Time,
}

room! { /// Fine-tuning, notebooks and replicas that follow demand.
    Adaptation, "work", "";
    tune_efficiency: Share = Share,
    tune_restart: Time = Time,
    replica_load: Time = Time,
    replica_minimum: Plain = Count,
    develop_busy: Time = Time,
    develop_think: Time = Time,
    develop_resume: Time = Time,
}

room! { /// Power by state.
    Activity, "facility", "";
    activity_train_compute: Share = Share,
    activity_train_communicate: Share = Share,
    activity_prefill: Share = Share,
    activity_decode: Share = Share,
    activity_checkpoint: Share = Share,
    activity_peak: Share = Share,
    other_idle_share: Share = Share,
}

room! { /// A cooling loop on dry coolers at warm temperatures.
    WarmLoop, "facility", "warm_water_";
    range: TemperatureDifference = TemperatureDifference,
    approach: TemperatureDifference = TemperatureDifference,
    fan_power_share: Share = Share,
    minimum_flow: Share = Share,
    pump_power_share: Share = Share,
    pump_exponent: Plain = Ratio,
    air_mover_share: Share = Share,
}

room! { /// A cooling loop with chilled water.
    ColdLoop, "facility", "cold_water_";
    range: TemperatureDifference = TemperatureDifference,
    approach: TemperatureDifference = TemperatureDifference,
    fan_power_share: Share = Share,
    minimum_flow: Share = Share,
    pump_power_share: Share = Share,
    pump_exponent: Plain = Ratio,
    air_mover_share: Share = Share,
}

room! { /// The loop that cools room air.
    AirLoop, "facility", "air_";
    supply: Temperature = Temperature,
    range: TemperatureDifference = TemperatureDifference,
    approach: TemperatureDifference = TemperatureDifference,
    fan_power_share: Share = Share,
    minimum_flow: Share = Share,
    pump_power_share: Share = Share,
    pump_exponent: Plain = Ratio,
    air_mover_share: Share = Share,
}

room! { /// Chillers, wetting, power chain and the building's own load.
    Plant, "facility", "";
    chiller_carnot_share: Share = Share,
    chiller_evaporator_approach: TemperatureDifference = TemperatureDifference,
    chiller_condenser_approach: TemperatureDifference = TemperatureDifference,
    chiller_cop_max: Plain = Ratio,
    adiabatic_effectiveness: Share = Share,
    adiabatic_start_flow: Share = Share,
    adiabatic_concentration_cycles: Plain = Ratio,
    distribution_no_load: Share = Share,
    distribution_proportional: Share = Share,
    distribution_quadratic: Share = Share,
    distribution_units: Plain = Count,
    ups_no_load: Share = Share,
    ups_proportional: Share = Share,
    ups_quadratic: Share = Share,
    ups_units: Plain = Count,
    transformer_no_load: Share = Share,
    transformer_proportional: Share = Share,
    transformer_quadratic: Share = Share,
    transformer_units: Plain = Count,
    fixed_load_share: Share = Share,
    heat_exchanger_approach: TemperatureDifference = TemperatureDifference,
    heat_pump_carnot_share: Share = Share,
    heat_pump_approach: TemperatureDifference = TemperatureDifference,
    heat_full_below: Temperature = Temperature,
    heat_heating_limit: Temperature = Temperature,
    backup_efficiency: Share = Share,
    backup_set_power: Power = Power,
}

room! { /// How days differ from the month's mean.
    Synoptic, "facility", "synoptic_";
    deviation_cold: TemperatureDifference = TemperatureDifference,
    deviation_warm: TemperatureDifference = TemperatureDifference,
    persistence: Share = Share,
    moisture_follow_cold: Share = Share,
    moisture_follow_warm: Share = Share,
    moisture_scatter: Share = Share,
    range_scatter: Share = Share,
    range_correlation: Share = Share,
    warmest_hour: Time = Time,
}

room! { /// Contracts.
    Contracts, "energy", "";
    capacity_charge: PowerRate = PowerRate,
    contracted_carbon: CarbonIntensity = CarbonIntensity,
    wind_capacity_factor: Share = Share,
    wind_capture_rate: Plain = Ratio,
    wind_idle_share: Share = Share,
    wind_top: Share = Share,
    wind_linear_share: Share = Share,
    offshore_capacity_factor: Share = Share,
    offshore_capture_rate: Plain = Ratio,
    offshore_idle_share: Share = Share,
    offshore_top: Share = Share,
    offshore_linear_share: Share = Share,
    solar_capture_rate: Plain = Ratio,
    solar_tilt_gain: Plain = Ratio,
    solar_performance_ratio: Share = Share,
    solar_capacity_factor: Share = Share,
    solar_idle_share: Share = Share,
    solar_top: Share = Share,
    solar_linear_share: Share = Share,
}

room! { /// Durations of the schedule.
    Durations, "schedule", "";
    build_iea: Time = Time,
    procurement: Time = Time,
    accelerator_lead_time: Time = Time,
    commissioning: Time = Time,
}

room! { /// Financing beyond what the file names.
    Financing, "finance", "";
    plant_life: Time = Time,
    reserve_months: Plain = Count,
    upfront_fee: Share = Share,
    equity_return_required: Share = Share,
    backup_cost: gigatwin_quantity::PowerPrice = PowerPrice,
    design_share: Share = Share,
    contingency_computing: Share = Share,
    site_cost: Money = Money,
    software_cost: Money = Money,
    draw_steepness: Plain = Ratio,
    draw_midpoint: Share = Share,
    other_financing_share: Share = Share,
    reserve_interest: Share = Share,
    tax_usable_losses: Share = Share,
}

room! { /// Schedule beyond durations.
    Programme, "programme", "";
    slip: Plain = Ratio,
}

room! { /// The running site.
    Running, "operations", "";
    outage_share: Share = Share,
}

room! { /// What a factory file leaves open.
    General, "factory", "";
    generic_compute_share: Share = Share,
    room_coil_approach: TemperatureDifference = TemperatureDifference,
    backup_price: EnergyPrice = EnergyPrice,
    public_loan_rate: Share = Share,
    guarantee_fee: Share = Share,
    guarantee_cover: Share = Share,
}

/// All of them, by room.
#[derive(Debug)]
pub(crate) struct Defaults {
    pub cabling: Cabling,
    pub checkpoints: Checkpoints,
    pub adaptation: Adaptation,
    pub activity: Activity,
    pub warm: WarmLoop,
    pub cold: ColdLoop,
    pub air: AirLoop,
    pub plant: Plant,
    pub synoptic: Synoptic,
    pub contracts: Contracts,
    pub durations: Durations,
    pub financing: Financing,
    pub general: General,
    pub programme: Programme,
    pub operations: Running,
}

impl Defaults {
    pub(super) fn read(b: &mut Builder<'_>, span: Span) -> Option<Self> {
        let cabling = Cabling::read(b, span);
        let checkpoints = Checkpoints::read(b, span);
        let adaptation = Adaptation::read(b, span);
        let activity = Activity::read(b, span);
        let warm = WarmLoop::read(b, span);
        let cold = ColdLoop::read(b, span);
        let air = AirLoop::read(b, span);
        let plant = Plant::read(b, span);
        let synoptic = Synoptic::read(b, span);
        let contracts = Contracts::read(b, span);
        let durations = Durations::read(b, span);
        let financing = Financing::read(b, span);
        let general = General::read(b, span);
        let programme = Programme::read(b, span);
        let operations = Running::read(b, span);
        Some(Defaults {
            cabling: cabling?,
            checkpoints: checkpoints?,
            adaptation: adaptation?,
            activity: activity?,
            warm: warm?,
            cold: cold?,
            air: air?,
            plant: plant?,
            synoptic: synoptic?,
            contracts: contracts?,
            durations: durations?,
            financing: financing?,
            general: general?,
            programme: programme?,
            operations: operations?,
        })
    }
}
