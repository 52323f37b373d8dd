#!/usr/bin/env python3
"""Compiles the climate statistics of the places in this folder.

    python3 compile.py DATA

DATA is a folder that holds, at any depth, the raw series named in README.md. Country means are read from
../countries. Every <id>.toml beside this script is written anew, and a summary table is printed. Needs
Python 3.11 and nothing else.
"""
import csv
import json
import math
import pathlib
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
DAYS = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# A row of a series: (day key, month 1..12, temperature °C, relative humidity %, wind m/s,
# global horizontal irradiance W/m2 or None, pressure hPa)


def open_meteo(files):
    for file in files:
        data = json.loads(file.read_text())
        hourly = data["hourly"]
        # No pressure in the files: the standard atmosphere at the height of the grid cell.
        pressure = 1013.25 * (1 - 2.25577e-5 * data["elevation"]) ** 5.25588
        for time, t, rh, wind in zip(hourly["time"], hourly["temperature_2m"],
                                     hourly["relative_humidity_2m"], hourly["windspeed_10m"]):
            yield time[:10], int(time[5:7]), t, rh, wind / 3.6, None, pressure


def dwd_try(files):
    for file in files:
        body = False
        for line in file.read_text(encoding="latin-1").splitlines():
            if not body:
                body = line.startswith("***")
                continue
            f = line.split()
            if f:  # direct and diffuse both refer to the horizontal plane
                yield f[2] + f[3], int(f[2]), float(f[5]), float(f[11]), float(f[8]), float(f[12]) + float(f[13]), float(f[6])


def pvgis(files):
    for file in files:
        lines = file.read_text().splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("time(UTC)"))
        for r in csv.DictReader(lines[start:]):
            if not (r["time(UTC)"] or "")[:8].isdigit():
                break
            yield (r["time(UTC)"][:8], int(r["time(UTC)"][4:6]), float(r["T2m"]), float(r["RH"]),
                   float(r["WS10m"]), float(r["G(h)"]), float(r["SP"]) / 100)


YEARS = range(2020, 2025)
OM = "Open-Meteo historical weather, hourly, 2020 to 2024 (CC BY 4.0)"
TRY = "Deutscher Wetterdienst, test reference year 2015, mean year of 1995 to 2012"
# key: reader, files, basis, source, date, (latitude, longitude, height m) of the series, its name
SERIES = {
    "frankfurt": (open_meteo, [f"open_meteo_frankfurt_{y}.json" for y in YEARS], "series", OM, "2024", (50.088, 8.654, 111), "the grid cell in the south of Frankfurt"),
    "london": (open_meteo, [f"open_meteo_london_{y}.json" for y in YEARS], "series", OM, "2024", (51.494, -0.163, 29), "the grid cell in London"),
    "region01": (dwd_try, ["dwd_try2015_region01.dat"], "test-reference-year", TRY, "2016-05", (53.559, 8.587, 3), "Bremerhaven (region 01, North Sea coast)"),
    "region04": (dwd_try, ["dwd_try2015_region04.dat"], "test-reference-year", TRY, "2016-05", (52.394, 13.065, 34), "Potsdam (region 04, lowland of the north-east)"),
    "region12": (dwd_try, ["dwd_try2015_region12.dat"], "test-reference-year", TRY, "2016-05", (49.490, 8.464, 103), "Mannheim (region 12, Upper Rhine and lower Neckar)"),
    "region13": (dwd_try, ["dwd_try2015_region13.dat"], "test-reference-year", TRY, "2016-05", (48.243, 12.529, 386), "Mühldorf (region 13, Swabian and Franconian hills, Alpine foreland)"),
    "pvgis": (pvgis, ["pvgis_tmy_45n_8e_2005_2023.csv"], "typical-year", "PVGIS typical meteorological year 2005 to 2023, 45 N 8 E (c) European Union", "2025", (45.0, 8.0, 250), "45 N 8 E (Monferrato)"),
}
HUB = "Ember, June 2025, quoted by Reuters"
# Lead times are given only where a source names the place; else the country's figure holds.
LEAD = {
    "frankfurt": ("5 years", "8 years", "13 years", HUB + "; resitadata.com", "7 to 10, up to 13 years in the five main hubs; another page says above 5"),
    "london": ("7 years", "8 years", "13 years", HUB, "7 to 10, up to 13 years in the five main hubs"),
    "dublin": ("7 years", "8 years", "13 years", HUB, "7 to 10, up to 13 years in the five main hubs; new connections are restricted"),
    "paris": ("1.9 years", "7 years", "13 years", HUB + "; RTE", "7 to 10, up to 13 years in the five main hubs; the operator's fast track at Fouju, south-east of Paris, promises 240 MW in 1.9 years"),
}
# id: name, country, latitude, longitude, altitude m, series or None, what is special
PLACES = {
    "athens": ("Athens", "gr", 37.98, 23.73, 70, None, ""),
    "barcelona": ("Barcelona", "es", 41.39, 2.17, 12, None, "on the coast: milder in winter than the country"),
    "berlin": ("Berlin", "de", 52.52, 13.41, 34, "region04", "±1 K"),
    "bologna": ("Bologna", "it", 44.49, 11.34, 54, None, "Po plain: colder winters than the country"),
    "bremerhaven": ("Bremerhaven", "de", 53.55, 8.58, 3, "region01", "±0.5 K"),
    "bucharest": ("Bucharest", "ro", 44.43, 26.10, 80, None, ""),
    "copenhagen": ("Copenhagen", "dk", 55.68, 12.57, 5, None, ""),
    "dublin": ("Dublin", "ie", 53.35, -6.26, 10, None, ""),
    "frankfurt": ("Frankfurt am Main", "de", 50.11, 8.68, 112, "frankfurt", "±0.5 K"),
    "groningen": ("Groningen", "nl", 53.22, 6.57, 3, None, "north of the country, near the coast: cooler than the country"),
    "juelich": ("Jülich", "de", 50.91, 6.41, 90, None, ""),
    "kajaani": ("Kajaani", "fi", 64.22, 27.73, 140, None, ""),
    "krakow": ("Kraków", "pl", 50.06, 19.94, 219, None, ""),
    "linkoeping": ("Linköping", "se", 58.41, 15.62, 45, None, "the country reaches far to the north: Linköping is warmer, by about 3 K (recalled)"),
    "lisbon": ("Lisbon", "pt", 38.72, -9.14, 50, None, "on the ocean: smaller swing over the year than the country"),
    "london": ("London", "gb", 51.51, -0.13, 29, "london", "±0.5 K"),
    "luebbenau": ("Lübbenau", "de", 51.87, 13.97, 50, "region04", "±1 K"),
    "luxembourg": ("Luxembourg", "lu", 49.61, 6.13, 300, None, ""),
    "maribor": ("Maribor", "si", 46.55, 15.65, 275, None, ""),
    "mora-la-nova": ("Móra la Nova", "es", 41.11, 0.64, 35, None, ""),
    "munich": ("Munich", "de", 48.14, 11.58, 520, "region13", "±1.5 K"),
    "ostrava": ("Ostrava", "cz", 49.82, 18.26, 217, None, ""),
    "paris": ("Paris", "fr", 48.86, 2.35, 35, None, ""),
    "poznan": ("Poznań", "pl", 52.41, 16.93, 60, None, ""),
    "prague": ("Prague", "cz", 50.09, 14.42, 200, None, ""),
    "sofia": ("Sofia", "bg", 42.70, 23.32, 550, None, "high basin: cooler than the country"),
    "stuttgart": ("Stuttgart", "de", 48.78, 9.18, 245, "region12", "-2.5 to +0.5 K; the basin of Stuttgart lies at the edge of the region and is likely cooler by about 1 K, its plateau (Vaihingen, above 400 m) by about 2 K"),
    "turin": ("Turin", "it", 45.07, 7.69, 240, "pvgis", "±1 K"),
    "vienna": ("Vienna", "at", 48.21, 16.37, 171, None, "the country mean includes the Alps: Vienna is warmer, by 2 to 3 K (recalled)"),
    "vilnius": ("Vilnius", "lt", 54.69, 25.28, 112, None, ""),
}


def wet_bulb(t, rh, pressure):
    """Wet bulb in °C: bisection of the psychrometer equation e = es(tw) - A p (t - tw), over water (WMO No. 8)."""
    es = lambda x: 6.112 * math.exp(17.62 * x / (243.12 + x))
    e, low, high = es(t) * rh / 100, t - 40, t
    for _ in range(24):
        mid = (low + high) / 2
        if es(mid) - 6.53e-4 * (1 + 0.000944 * mid) * pressure * (t - mid) > e:
            high = mid
        else:
            low = mid
    return (low + high) / 2


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def quantile(values, q):
    """Quantile with linear interpolation between order statistics."""
    s = sorted(values)
    x = q * (len(s) - 1)
    i = int(x)
    return s[i] + (x - i) * (s[min(i + 1, len(s) - 1)] - s[i])


def statistics(rows):
    months = [[r for r in rows if r[1] == m] for m in range(1, 13)]
    spread = []
    for month in months:
        days = {}
        for r in month:
            days.setdefault(r[0], []).append(r[2])
        spread.append(mean(max(d) - min(d) for d in days.values()))
    return {
        "temperature": [mean(r[2] for r in m) for m in months],
        "humidity": [mean(r[3] for r in m) for m in months],
        "diurnal_range": spread,
        "wind": [mean(r[4] for r in m) for m in months],
        "irradiance": None if rows[0][5] is None else [mean(r[5] for r in m) for m in months],
        "design": quantile([r[2] for r in rows], 0.996),
        "annual": mean(r[2] for r in rows),
        "wet_bulb": mean(wet_bulb(r[2], r[3], r[6]) for r in rows),
        "wet_bulb_design": quantile([wet_bulb(r[2], r[3], r[6]) for r in rows], 0.996),
        "hours": len(rows),
    }


def degrees(figure):
    return float(figure["value"].split()[0])


def country_year(country):
    """Twelve months from the country's annual mean and its warmest month: a cosine that peaks in July."""
    figures = tomllib.loads((HERE.parent / "countries" / f"{country}.toml").read_text())["figures"]
    t, summer = degrees(figures["temperature_mean"]), degrees(figures["temperature_summer"])
    return [t + (summer - t) * math.cos(2 * math.pi * (m - 7) / 12) for m in range(1, 13)]


def kilometres(a, b):
    la, lb = math.radians(a[0]), math.radians(b[0])
    c = math.sin(la) * math.sin(lb) + math.cos(la) * math.cos(lb) * math.cos(math.radians(a[1] - b[1]))
    return 6371 * math.acos(max(-1, min(1, c)))


def monthly(key, values, unit, digits, more=""):
    return f"{key} = {{ monthly = [{', '.join(f'{v:.{digits}f}' for v in values)}], unit = \"{unit}\"{more} }}"


def text(value):
    return json.dumps(value, ensure_ascii=False)


def write(ident, series):
    name, country, lat, lon, alt, key, special = PLACES[ident]
    recalled = 'source = "well-known value, recalled", confidence = "assumed"'
    if key:
        _, _, basis, source, date, at, where = SERIES[key]
        s = series[key]
        far = kilometres((lat, lon), at)
        note = f"series of {where}, {at[2]} m, {far:.0f} km from the place"
        if basis != "series" and abs(alt - at[2]) >= 30:
            note += f", which lies {abs(alt - at[2])} m {'higher' if alt > at[2] else 'lower'} (not corrected; 6.5 K per km would be {0.0065 * (at[2] - alt):+.1f} K)"
        note += f"; width of the error of a monthly mean: {special}"
        warm = "" if basis == "series" else "; a mean year understates hot spells and knows no warming since" if basis == "test-reference-year" else "; a typical year understates hot spells"
        figures = [
            monthly("temperature", s["temperature"], "°C", 1, f", note = {text(note)}"),
            monthly("humidity", s["humidity"], "%", 1),
            monthly("diurnal_range", s["diurnal_range"], "K", 1, ', note = "mean of daily maximum less minimum, of hourly values"'),
            monthly("wind", s["wind"], "m/s", 1),
        ]
        if s["irradiance"]:
            figures.append(monthly("irradiance", s["irradiance"], "W/m2", 1, ', note = "mean over all hours, night included"'))
        figures.append(f'design_temperature = {{ value = "{s["design"]:.1f} °C", note = {text("dry bulb not exceeded in 99.6 % of the hours of the series" + warm)} }}')
    else:
        basis, source, date = "country-mean", "ERA5 country means, see the country's temperature_mean and temperature_summer", "2026-02"
        note = "mean of the country, not of the place, ±3 K; cosine through the country's annual mean that peaks at its summer value in July"
        if special:
            note += "; " + special
        figures = [
            monthly("temperature", country_year(country), "°C", 1, f", note = {text(note)}"),
            monthly("diurnal_range", [8] * 12, "K", 1, ', source = "assumption of this catalog", date = "2026", confidence = "assumed", note = "5 K in winter and on coasts, 12 K in summer and inland are usual"'),
        ]
    if ident in LEAD:
        low, mode, high, lead_source, lead_note = LEAD[ident]
        figures.append(f'grid_lead_time = {{ low = "{low}", mode = "{mode}", high = "{high}", source = {text(lead_source)}, date = "2025-06", confidence = "secondary", note = {text(lead_note + "; low confidence, the most likely value is a choice of this catalog")} }}')
    lines = [
        f"name = {text(name)}", f"country = {text(country)}", f"weather_basis = {text(basis)}", "",
        "[provenance]", f"source     = {text(source)}", f"date       = {text(date)}", 'confidence = "derived"', "",
        "[figures]",
        f'latitude = {{ value = "{lat}", {recalled}, note = "degrees north" }}',
        f'longitude = {{ value = "{lon}", {recalled}, note = "degrees east" }}',
        f'altitude = {{ value = "{alt} m", {recalled} }}',
        *figures, "",
    ]
    (HERE / f"{ident}.toml").write_text("\n".join(lines))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = pathlib.Path(sys.argv[1])
    series = {}
    for key, (reader, files, *_) in SERIES.items():
        paths = [next(data.rglob(f), None) for f in files]
        missing = [f for f, p in zip(files, paths) if p is None]
        if missing:
            sys.exit(f"not found in {data}: {', '.join(missing)}")
        series[key] = statistics(list(reader(paths)))
    for ident in PLACES:
        write(ident, series)
    # How wrong the country mean would have been where the truth is known.
    print("series      hours  mean T  mean Tw  T 99.6 %  Tw 99.6 %  | country mean: bias  rms  worst month (K)")
    for key, s in series.items():
        country = next(p[1] for p in PLACES.values() if p[5] == key)
        off = [a - b for a, b in zip(country_year(country), s["temperature"])]
        print(f"{key:10} {s['hours']:6} {s['annual']:7.2f} {s['wet_bulb']:8.2f} {s['design']:9.2f} {s['wet_bulb_design']:10.2f}  |"
              f" {sum(o * d for o, d in zip(off, DAYS)) / sum(DAYS):+18.2f} {math.sqrt(mean(o * o for o in off)):5.2f} {max(off, key=abs):+6.1f}")


if __name__ == "__main__":
    main()
