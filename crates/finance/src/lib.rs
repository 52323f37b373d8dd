//! Capex, opex, funding forms, debt and cash flow.
