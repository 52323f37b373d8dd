"""The pilot's task: a date as a person writes it becomes a date as a database wants it (ISO 8601)."""
import calendar
import datetime
import random

MONTHS = {
    "en": [calendar.month_name[m] for m in range(1, 13)],
    "de": ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
}


def ordinal(n):
    return f"{n}{'th' if 10 <= n % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def english(rng, d):
    month = MONTHS["en"][d.month - 1]
    return rng.choice([
        f"{month} {d.day}, {d.year}", f"{d.day} {month} {d.year}", f"the {ordinal(d.day)} of {month} {d.year}",
        f"{ordinal(d.day)} {month[:3]} {d.year}", f"{month[:3]} {d.day} {d.year}", f"{d.day}/{d.month}/{d.year}",
    ])


def german(rng, d):
    month = MONTHS["de"][d.month - 1]
    return rng.choice([f"{d.day}. {month} {d.year}", f"am {d.day}. {month} {d.year}", f"{d.day}.{d.month}.{d.year}"])


WRITERS = {"en": english, "de": german}


def pairs(language, count, seed):
    """`count` written dates of 1950 to 2049 with their ISO form, by seed."""
    rng = random.Random(f"{language}-{seed}")
    first, days = datetime.date(1950, 1, 1), 36524
    for _ in range(count):
        day = first + datetime.timedelta(days=rng.randrange(days))
        yield WRITERS[language](rng, day), day.isoformat()
