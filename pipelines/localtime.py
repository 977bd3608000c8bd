"""The clock on an outlet's wall: "jeudi" in an article of 00:30 is a matter of its own midnight, not of Greenwich's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Countries of outlets we know, by the zone of their capital (tz database). Others are read in UTC.
_ZONES = {
    "MA": "Africa/Casablanca", "FR": "Europe/Paris", "ES": "Europe/Madrid", "BE": "Europe/Brussels", "DE": "Europe/Berlin",
    "IT": "Europe/Rome", "PT": "Europe/Lisbon", "NL": "Europe/Amsterdam", "CH": "Europe/Zurich", "GB": "Europe/London",
    "DZ": "Africa/Algiers", "TN": "Africa/Tunis", "LY": "Africa/Tripoli", "MR": "Africa/Nouakchott", "EG": "Africa/Cairo",
    "SN": "Africa/Dakar", "ML": "Africa/Bamako", "NE": "Africa/Niamey", "BF": "Africa/Ouagadougou", "CI": "Africa/Abidjan",
    "CM": "Africa/Douala", "CD": "Africa/Kinshasa", "NG": "Africa/Lagos", "ZA": "Africa/Johannesburg", "KE": "Africa/Nairobi",
    "SA": "Asia/Riyadh", "AE": "Asia/Dubai", "QA": "Asia/Qatar", "KW": "Asia/Kuwait", "BH": "Asia/Bahrain", "OM": "Asia/Muscat",
    "JO": "Asia/Amman", "LB": "Asia/Beirut", "IQ": "Asia/Baghdad", "IL": "Asia/Jerusalem", "TR": "Europe/Istanbul",
    "US": "America/New_York", "CA": "America/Toronto", "MX": "America/Mexico_City", "AR": "America/Argentina/Buenos_Aires",
    "RU": "Europe/Moscow", "CN": "Asia/Shanghai", "IN": "Asia/Kolkata", "JP": "Asia/Tokyo",
}  # fmt: skip


def local_time(moment: datetime | None, country: str | None) -> datetime | None:
    """`moment` on the clock of an outlet of `country` (ISO 3166 alpha-2). A time that bears a zone of its own keeps it."""
    if moment is None or moment.utcoffset() != timedelta(0):
        return moment
    try:
        zone = ZoneInfo(_ZONES[country]) if country in _ZONES else UTC
    except ZoneInfoNotFoundError:  # a system without the zone's file
        return moment
    return moment.astimezone(zone)
