//! Tenants, States, finance and costs.

use gigatwin_catalog::Kind;
use gigatwin_quantity::Dim;

use super::{Need, Table, Takes, field, given, optional, required};

pub(crate) static CLASS: Table = Table {
    doc: "How a tenant's hours are divided among classes of users.",
    fields: &[
        optional("sme", Takes::Quantity(Dim::Share), "Small and medium enterprises and start-ups."),
        optional("industry", Takes::Quantity(Dim::Share), "Larger enterprises."),
        optional("research", Takes::Quantity(Dim::Share), "Universities and research organisations."),
        optional("public", Takes::Quantity(Dim::Share), "Public bodies."),
        optional("reserve", Takes::Quantity(Dim::Share), "Strategic reserve."),
    ],
};

pub(crate) static TENANT: Table = Table {
    doc: "Somebody who gets hours.",
    fields: &[
        required("name", Takes::Text, "Name of the tenant."),
        field(
            "kind",
            Takes::Word(&["union", "states", "industry", "sme", "research", "public"]),
            Need::Optional,
            "Who it is; read from the name without it.",
        ),
        required(
            "hours",
            Takes::WordOrShare(&["by contribution", "remainder"]),
            "By contribution to computing CAPEX (the rule for Union and States), the remainder, or a share of all hours.",
        ),
        optional("class", Takes::Table(&CLASS), "Division among classes of users."),
        optional(
            "reservation",
            Takes::Table(&super::work::RESERVATION),
            "Accelerators that the tenant has to itself for a time. For operate.",
        ),
        optional(
            "price",
            Takes::Quantity(Dim::HourPrice),
            "What the tenant pays per accelerator-hour; nothing for hours by contribution.",
        ),
    ],
};

pub(crate) static STATE: Table = Table {
    doc: "A Member State that pays into the site.",
    fields: &[
        required("country", Takes::Catalog(Kind::Countries), "ISO 3166 code."),
        required("share", Takes::Quantity(Dim::Share), "Share of the States' part."),
        optional(
            "commitment",
            Takes::Quantity(Dim::Money),
            "Most that the State has promised, in euros of the price year: it bounds the States' part and so the Union's.",
        ),
    ],
};

pub(crate) static DEBT: Table = Table {
    doc: "Senior debt.",
    fields: &[
        given(
            "share",
            Dim::Share,
            "finance",
            "debt_share_max",
            "Largest share of the private investment that debt may carry.",
        ),
        given("rate", Dim::Share, "finance", "debt_rate", "Interest per year."),
        given("tenor", Dim::Time, "finance", "debt_tenor", "Repayment time from opening."),
        given(
            "dscr",
            Dim::Ratio,
            "finance",
            "dscr_min",
            "Debt-service cover that lenders ask for; 0 for none: then the share alone bounds the debt.",
        ),
        field(
            "profile",
            Takes::Word(&["sculpted", "level"]),
            Need::Word("sculpted"),
            "Payments in proportion to the cash flow, or the same every month.",
        ),
    ],
};

pub(crate) static PRICE_PATH: Table = Table {
    doc: "Change of the market price of an hour from year to year, counted from the price year; after ten years the price holds, or goes on by price_change. Prices fell and then rose: in the base case years of new supply and years of shortage alternate, and draws mix them.",
    fields: &[
        given("year_1", Dim::Growth, "market", "hour_price_fall", "From the price year to the next."),
        given("year_2", Dim::Growth, "market", "hour_price_rise", "A year later."),
        given("year_3", Dim::Growth, "market", "hour_price_fall", "A year later."),
        given("year_4", Dim::Growth, "market", "hour_price_rise", "A year later."),
        given("year_5", Dim::Growth, "market", "hour_price_fall", "A year later."),
        given("year_6", Dim::Growth, "market", "hour_price_rise", "A year later."),
        given("year_7", Dim::Growth, "market", "hour_price_fall", "A year later."),
        given("year_8", Dim::Growth, "market", "hour_price_rise", "A year later."),
        given("year_9", Dim::Growth, "market", "hour_price_fall", "A year later."),
        given("year_10", Dim::Growth, "market", "hour_price_rise", "A year later."),
    ],
};

pub(crate) static FINANCE: Table = Table {
    doc: "Public money, debt, prices and life.",
    fields: &[
        field(
            "public_money",
            Takes::Word(&["grant", "hour purchase", "hour share", "share purchase", "loan", "none"]),
            Need::Word("hour share"),
            "Legal form of the public money: a grant for a share of the infrastructure; the same money for a share of the hours; a guaranteed purchase of hours at market price; shares; a loan.",
        ),
        optional("debt", Takes::Table(&DEBT), "Senior debt."),
        given("life", Dim::Time, "finance", "it_life", "Useful life of the computing infrastructure."),
        given("residual", Dim::Share, "factory", "residual_share", "Value left at the end of that life."),
        given(
            "discount_rate",
            Dim::Share,
            "factory",
            "discount_rate",
            "Real discount rate of the levelised cost.",
        ),
        given(
            "inflation",
            Dim::Growth,
            "finance",
            "general_inflation",
            "General inflation; also indexes prices to the price year.",
        ),
        given(
            "price",
            Dim::HourPrice,
            "factory",
            "hour_price",
            "Market price of one H100e-hour where a tenant states none.",
        ),
        optional(
            "price_path",
            Takes::Table(&PRICE_PATH),
            "Change of the market price from year to year, up or down.",
        ),
        optional(
            "price_change",
            Takes::Quantity(Dim::Growth),
            "One yearly change of the market price for all years that the path does not name, and after its last one.",
        ),
        optional(
            "horizon",
            Takes::Quantity(Dim::Time),
            "How long a phase sells hours; beyond the life of its computing infrastructure that is bought anew. Without it, one life.",
        ),
        given(
            "refresh_cost",
            Dim::Ratio,
            "finance",
            "refresh_cost",
            "Price of the computing infrastructure bought anew, of the first purchase.",
        ),
        given("usd_per_eur", Dim::Ratio, "market", "eur_usd", "Exchange rate for prices in dollars."),
        optional("tax", Takes::Quantity(Dim::Share), "Tax on profits; without it the country's."),
        optional(
            "earlier_support",
            Takes::Quantity(Dim::Money),
            "Union support already given, counted towards the ceiling.",
        ),
    ],
};

pub(crate) static COSTS: Table = Table {
    doc: "Costs where they are known better than the catalog's.",
    fields: &[
        optional(
            "shell_and_plant",
            Takes::Quantity(Dim::PowerPrice),
            "Building, power and cooling plant per IT power; without it the country's.",
        ),
        given(
            "grid_connection",
            Dim::PowerPrice,
            "grid",
            "connection_cost",
            "Grid connection per firm and flexible power.",
        ),
        given("land", Dim::Money, "factory", "land", "Land and site preparation."),
        given(
            "installation",
            Dim::Share,
            "network",
            "installation_share",
            "Installation and commissioning, of computing hardware.",
        ),
        given(
            "contingency",
            Dim::Share,
            "building",
            "contingency",
            "Contingency, of building and plant; computing hardware has a smaller one of its own (finance.contingency_computing).",
        ),
        given(
            "maintenance",
            Dim::Share,
            "operation",
            "maintenance_share_of_it_capex",
            "Maintenance and support per year, of computing hardware.",
        ),
        given(
            "plant_maintenance",
            Dim::Share,
            "operation",
            "maintenance_share_of_plant_capex",
            "Maintenance per year, of building and plant.",
        ),
        given("posts", Dim::Count, "operation", "staff_per_it_mw", "Posts per megawatt of IT power."),
        given("cost_per_post", Dim::Money, "operation", "cost_per_post", "Yearly cost of a post."),
        given(
            "insurance",
            Dim::Share,
            "operation",
            "insurance_share_of_capex",
            "Insurance per year, of the whole investment.",
        ),
    ],
};
