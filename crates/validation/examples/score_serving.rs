//! Scores the shipped serving table, or the file named, and prints the report as JSON; with `calibrate` the coefficients for the catalog instead.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("calibrate") {
        for (key, value, time) in gigatwin_validation::serving::calibrate()?.figures() {
            let shown = if time { format!("{:.5} us", value * 1e6) } else { format!("{value:.5}") };
            println!("{key} = \"{shown}\"");
        }
        return Ok(());
    }
    let table = std::env::args().nth(1).map(std::fs::read_to_string).transpose()?;
    println!("{}", serde_json::to_string(&gigatwin_validation::serving::validate(table.as_deref())?)?);
    Ok(())
}
