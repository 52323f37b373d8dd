//! Power states, power chain, cooling and weather.
