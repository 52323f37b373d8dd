//! Serving deployments under latency objectives.
