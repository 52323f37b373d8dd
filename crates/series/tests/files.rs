//! The files that people have, read whole; the raw series are not part of the project and their tests say so where they are absent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::path::PathBuf;

use gigatwin_series::{Clock, Wanted, WeatherFormat, read_prices, read_weather};

/// A raw series, if the folder beside the project is there.
fn series(name: &str) -> Option<String> {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.extend(["..", "..", "..", "shared", "data", "energy", "series"]);
    match std::fs::read_to_string(root.join(name)) {
        Ok(text) => Some(text),
        Err(_) => {
            eprintln!("SKIPPED: {name} is not beside the project");
            None
        }
    }
}

fn central() -> Wanted {
    Wanted { zone: None, clock: Clock::Central }
}

#[test]
fn weather_files_of_all_kinds() {
    for (name, format, hours, humid, real) in [
        ("weather/pvgis_tmy_45n_8e_2005_2023.csv", WeatherFormat::Pvgis, 8760, true, false),
        ("weather/pvgis_tmy_45n_8e_2005_2023.epw", WeatherFormat::Epw, 8760, true, false),
        ("weather/open_meteo_frankfurt_2023.json", WeatherFormat::OpenMeteo, 8760, true, true),
        ("weather/open_meteo_london_2024.json", WeatherFormat::OpenMeteo, 8784, true, true),
        ("weather/dwd_try2015_region04.dat", WeatherFormat::DwdTestYear, 8760, true, false),
        ("weather/dwd_10min_aachen_2023_2024.csv", WeatherFormat::DwdMinutes, 8760, false, true),
        ("weather/dwd_15min_duesseldorf_2024.csv", WeatherFormat::DwdMinutes, 8784, false, true),
    ] {
        let Some(text) = series(name) else { continue };
        let year = read_weather(&text).unwrap_or_else(|e| panic!("{name}: {:?}", e.0));
        assert_eq!((year.format, year.hours.len(), year.first.is_some()), (format, hours, real), "{name}");
        assert_eq!(year.hours.iter().all(|h| h.humidity.is_some()), humid, "{name}");
        let mean = year.hours.iter().map(|h| h.dry_bulb.celsius()).sum::<f64>() / hours as f64;
        assert!((8.0..15.0).contains(&mean), "{name}: {mean}");
    }
}

#[test]
fn two_forms_of_one_typical_year_agree() {
    let Some((csv, epw)) = series("weather/pvgis_tmy_45n_8e_2005_2023.csv")
        .zip(series("weather/pvgis_tmy_45n_8e_2005_2023.epw"))
    else {
        return;
    };
    let (a, b) = (read_weather(&csv).unwrap(), read_weather(&epw).unwrap());
    assert_eq!(a.position, Some((45.0, 8.0)));
    assert_eq!(a.altitude, b.altitude);
    // The EPW's zone is one hour ahead of UTC while its rows are those of the CSV: they stand one hour apart.
    let shift = (0..3).find(|s| {
        (100..8600).all(|h| (a.hours[h].dry_bulb.celsius() - b.hours[h - s].dry_bulb.celsius()).abs() < 0.006)
    });
    assert!(shift.is_some());
}

#[test]
fn naive_prices_have_all_hours_of_a_year_in_utc() {
    for (name, hours) in
        [("de_lu_2023", 8760), ("de_lu_2024", 8784), ("fr_2023", 8760), ("es_2024", 8784), ("nl_2024", 8784)]
    {
        let Some(text) = series(&format!("prices_tests_only/{name}.csv")) else { continue };
        let year = read_prices(&text, &central()).unwrap_or_else(|e| panic!("{name}: {:?}", e.0));
        assert_eq!(year.hours.len(), hours, "{name}: {:?}", year.notes);
        // The autumn hour that the file merged is filled, the spring hour it invented is left out.
        assert!(year.filled >= 1, "{name}");
        assert!(year.notes.iter().any(|n| n.text.contains("summer time skips")), "{name}: {:?}", year.notes);
    }
}

/// Hours of a local year as a table, by the clock of central Europe, both autumn hours written.
fn table(head: &str, row: impl Fn(usize, &str, &str) -> String) -> String {
    let mut text = format!("{head}\n");
    // 2023: summer time from hour 2018 (26 March 02:00) to hour 7226 (29 October 03:00 summer time).
    let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut local: Vec<(usize, usize, usize)> = Vec::new();
    for (m, n) in days.iter().enumerate() {
        for d in 1..=*n {
            for h in 0..24 {
                if (m, d, h) == (2, 26, 2) {
                    continue;
                }
                local.push((m + 1, d, h));
                if (m, d, h) == (9, 29, 2) {
                    local.push((m + 1, d, h));
                }
            }
        }
    }
    for (i, (m, d, h)) in local.iter().enumerate() {
        let _ = writeln!(text, "{}", row(i, &format!("{d:02}.{m:02}.2023"), &format!("{h:02}:00")));
    }
    text
}

/// A price that tells which hour it is.
fn price(i: usize) -> f64 {
    20.0 + (i % 500) as f64 / 10.0
}

#[test]
fn entso_e_smard_and_energy_charts_give_one_series() {
    let wanted = Wanted { zone: Some("DE-LU".to_owned()), clock: Clock::Central };
    let comma = |i: usize| format!("{:.2}", price(i)).replace('.', ",");
    let entsoe =
        table("\"MTU (CET/CEST)\",\"Day-ahead Price [EUR/MWh]\",\"Currency\",\"BZN|DE-LU\"", |i, d, t| {
            format!("\"{d} {t} - {d} {t}\",\"{:.2}\",\"EUR\",\"\"", price(i))
        });
    let smard = table(
        "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Originalauflösungen;∅ Anrainer DE/LU [€/MWh]",
        |i, d, t| format!("{d} {t};{d} {t};{};-", comma(i)),
    );
    let old_smard =
        table("Datum;Anfang;Ende;Deutschland/Luxemburg [€/MWh] Originalauflösungen", |i, d, t| {
            format!("{d};{t};{t};{}", comma(i))
        });
    let charts = {
        let mut text = "\"Date (GMT+1)\",\"Day Ahead Auction (DE-LU)\"\n,\"Price (EUR/MWh)\"\n".to_owned();
        for i in 0..8760usize {
            let hour = 1_672_527_600 / 3600 + i as i64;
            let (m, d, h) = gigatwin_series::month_day_hour(hour).unwrap();
            let year = if i == 0 { 2022 } else { 2023 };
            let _ = writeln!(text, "{year}-{m:02}-{d:02}T{h:02}:00+00:00,{}", price(i));
        }
        text
    };
    let json = format!(
        "{{\"unix_seconds\":[{}],\"price\":[{}],\"unit\":\"EUR / MWh\"}}",
        (0..8760).map(|i| (1_672_527_600i64 + 3600 * i).to_string()).collect::<Vec<_>>().join(","),
        (0..8760).map(|i| price(i).to_string()).collect::<Vec<_>>().join(",")
    );
    for (name, text) in [
        ("ENTSO-E", entsoe),
        ("SMARD", smard),
        ("old SMARD", old_smard),
        ("energy-charts", charts),
        ("JSON", json),
    ] {
        let year = read_prices(&text, &wanted).unwrap_or_else(|e| panic!("{name}: {:?}", e.0));
        assert_eq!((year.hours.len(), year.filled), (8760, 0), "{name}: {:?}", year.notes);
        assert_eq!(year.first, 1_672_527_600 / 3600, "{name}");
        for (i, p) in year.hours.iter().enumerate() {
            assert!((p.eur_per_mwh() - price(i)).abs() < 0.006, "{name} {i}: {p:?}");
        }
    }
}

#[test]
fn faults_have_codes_and_lines() {
    let codes = |text: &str, wanted: &Wanted| -> Vec<(&'static str, usize)> {
        read_prices(text, wanted)
            .err()
            .map(|f| f.0.iter().map(|f| (f.code, f.line)).collect())
            .unwrap_or_default()
    };
    let plain = table("Datetime,Price (EUR/MWh)", |i, d, t| format!("{d} {t},{}", price(i)));
    assert_eq!(codes(&plain, &central()), []);
    let edit = |line: usize, new: &str| {
        plain
            .lines()
            .enumerate()
            .map(|(i, l)| if i + 1 == line { new } else { l })
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(codes(&edit(100, "05.01.2023 02:00,cheap"), &central()), [("G541", 100)]);
    assert_eq!(codes(&edit(100, "05.01.2023 01:00,50"), &central()), [("G543", 100)]);
    assert_eq!(codes(&edit(100, "05.01.2023 02:00,99999"), &central()), [("G545", 100)]);
    assert_eq!(codes(&plain.replace("EUR/MWh", "GBP/MWh"), &central()), [("G545", 1)]);
    assert_eq!(codes(&plain.replace("EUR/MWh", "ct/kWh"), &central()), [("G545", 1)]);
    let french = Wanted { zone: Some("FR".to_owned()), clock: Clock::Central };
    let named = plain.replace("Price (EUR/MWh)", "Day-ahead Price BZN|DE-LU [EUR/MWh]");
    assert_eq!(codes(&named, &french), [("G546", 1)]);
    let hole: String = plain
        .lines()
        .enumerate()
        .filter(|(i, _)| !(3000..3100).contains(i))
        .map(|(_, l)| format!("{l}\n"))
        .collect();
    assert_eq!(codes(&hole, &central()), [("G542", 3000)]);
    assert_eq!(codes("a,b\n1,2\n", &central()), [("G540", 1)]);
}

#[test]
fn impossible_weather_is_named_by_its_line() {
    let Some(text) = series("weather/open_meteo_frankfurt_2023.json") else { return };
    let at = text.match_indices("\"relative_humidity_2m\": [").next().unwrap().0;
    let value = at + text[at..].find('[').unwrap() + 1;
    let end = value + text[value..].find(',').unwrap();
    let broken = format!("{} 140{}", &text[..value], &text[end..]);
    let faults = read_weather(&broken).unwrap_err();
    let line = text[..value].lines().count();
    assert_eq!((faults.0[0].code, faults.0.len()), ("G544", 1));
    assert!((line..=line + 1).contains(&faults.0[0].line), "{} {line}", faults.0[0].line);
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn does_no_harm(head in 0usize..8, body in "[ -~\n;,]{0,400}") {
            let heads = ["", "LOCATION,a,b,c,d,e,1,2,1,3\n", "{\"hourly\":{", "time(UTC),T2m,RH\n", "Art des TRY\n*** \n",
                "year,month,day,hour,minute,temperature\n", "Datum von;Preis [€/MWh]\n", "{\"unix_seconds\":["];
            let text = format!("{}{body}", heads[head]);
            let _ = read_weather(&text);
            let _ = read_prices(&text, &central());
        }
    }

    /// A sound price file, and a sound weather file of the same form as EPW, each a year long.
    fn sound() -> [String; 2] {
        let prices = table("Datetime,Price (EUR/MWh)", |i, d, t| format!("{d} {t},{}", price(i)));
        let mut epw = String::from("LOCATION,Nowhere,-,DEU,none,0,50.0,8.6,0.0,110\n");
        epw.push_str(&"HEADER,0\n".repeat(7));
        for (m, days) in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
            for d in 1..=days {
                for h in 1..=24 {
                    let _ = writeln!(
                        epw,
                        "2019,{},{d},{h},0,?,{}.5,5,70,101000,0,0,300,100,0,100,0,0,0,0,200,3.2,5,5",
                        m + 1,
                        h % 20
                    );
                }
            }
        }
        [prices, epw]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Whatever happens to a sound file, it is read, or every fault has a code, a hint and a line of the file.
        #[test]
        fn a_damaged_file_is_read_or_its_faults_are_placed(
            which in 0usize..2,
            wounds in prop::collection::vec((0.0f64..1.0, 0usize..40, "[-0-9,.;:TZ \n\"a-z]{0,12}"), 1..6),
            cut in prop::option::of(0.0f64..1.0),
        ) {
            let mut text = sound()[which].clone();
            for (at, length, new) in wounds {
                let at = (at * text.len() as f64) as usize;
                let end = (at + length).min(text.len());
                text.replace_range(at.min(end)..end, &new);
            }
            if let Some(cut) = cut {
                text.truncate((cut * text.len() as f64) as usize);
            }
            let lines = text.lines().count();
            let faults = [read_weather(&text).err(), read_prices(&text, &central()).err()];
            for fault in faults.into_iter().flatten().flat_map(|f| f.0) {
                prop_assert!(fault.code.starts_with("G54") && !fault.hint.is_empty() && !fault.message.is_empty(), "{fault:?}");
                prop_assert!(fault.line <= lines + 1, "{fault:?} of {lines}");
            }
        }
    }
}
