"""Dates: what news says about when, in four languages, and that nothing is invented.

In the tables a day is "2025-09-11", a range "2025-09-11/2025-09-12", a month "2025-09", a week known only as such
"2025-09-01~2025-09-07", a year "2025", something that is no certain day "?", and nothing at all None.
"""

from __future__ import annotations

import time
import tomllib
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detect import dates
from pipelines.detect.dates import DateMention, find_dates, resolve_weekday
from pipelines.detect.model import UNKNOWN_DAYS, Days

FRIDAY = "2025-09-12T10:00:00+01:00"
NEW_YEAR = "2026-01-02T09:00:00+01:00"  # a Friday
LAST_DAY = "2024-12-31T18:00:00+00:00"  # a Tuesday
MIDSUMMER = "2024-06-26T16:15:00+01:00"  # a Wednesday


def shown(days: Days) -> str:
    """Days as the tables write them."""
    if days.precision == "unknown":
        return "?"
    assert days.first is not None
    assert days.last is not None
    if days.precision == "day":
        assert days.first == days.last
        return days.first.isoformat()
    if days.precision == "range":
        return f"{days.first}/{days.last}"
    if days.precision == "year":
        return f"{days.first.year}"
    whole = days.first.day == 1 and (days.last.month != date.fromordinal(days.last.toordinal() + 1).month)
    return f"{days.first:%Y-%m}" if whole else f"{days.first}~{days.last}"


def read(text: str, language: str, published: str | None) -> list[DateMention]:
    return list(find_dates(text, language, datetime.fromisoformat(published) if published else None))


FRENCH = [
    ("s'est entretenu jeudi à Rabat", FRIDAY, "2025-09-11", "weekday"),
    ("hier jeudi et ce vendredi", FRIDAY, "2025-09-11/2025-09-12", "relative"),
    ("jeudi et vendredi", FRIDAY, "2025-09-11/2025-09-12", "weekday"),
    ("ce jeudi à Rabat", FRIDAY, "2025-09-11", "weekday"),
    ("ce vendredi", FRIDAY, "2025-09-12", "weekday"),
    ("vendredi", FRIDAY, "2025-09-12", "weekday"),
    ("vendredi dernier", FRIDAY, "2025-09-05", "weekday"),
    ("mercredi dernier", FRIDAY, "2025-09-10", "weekday"),
    ("lundi prochain", FRIDAY, "2025-09-15", "weekday"),
    ("ce lundi", FRIDAY, "2025-09-15", "weekday"),
    ("lundi après-midi", FRIDAY, "2025-09-08", "weekday"),
    ("mercredi soir", FRIDAY, "2025-09-10", "weekday"),
    ("mardi, mercredi et jeudi", FRIDAY, "2025-09-09/2025-09-11", "weekday"),
    ("depuis lundi et jusqu'à mercredi", FRIDAY, "2025-09-08/2025-09-10", "weekday"),
    ("de lundi à mercredi", FRIDAY, "2025-09-08/2025-09-10", "weekday"),
    ("entre mardi et jeudi", FRIDAY, "2025-09-09/2025-09-11", "weekday"),
    ("dans la nuit de mercredi à jeudi", FRIDAY, "2025-09-10/2025-09-11", "weekday"),
    ("depuis lundi à Rabat", FRIDAY, "2025-09-08", "weekday"),
    ("hier", FRIDAY, "2025-09-11", "relative"),
    ("hier soir", FRIDAY, "2025-09-11", "relative"),
    ("avant-hier", FRIDAY, "2025-09-10", "relative"),
    ("aujourd’hui", FRIDAY, "2025-09-12", "relative"),
    ("aujourd'hui, vendredi,", FRIDAY, "2025-09-12", "relative"),
    ("ce matin", FRIDAY, "2025-09-12", "relative"),
    ("demain samedi", FRIDAY, "2025-09-13", "relative"),
    ("après-demain", FRIDAY, "2025-09-14", "relative"),
    ("jeudi 11 septembre", FRIDAY, "2025-09-11", "absolute"),
    ("jeudi 10 septembre", FRIDAY, "2025-09-10", "absolute"),  # the date wins over the weekday
    ("le 25 novembre 2024", FRIDAY, "2024-11-25", "absolute"),
    ("le 1er septembre", FRIDAY, "2025-09-01", "absolute"),
    ("le premier septembre", FRIDAY, "2025-09-01", "absolute"),
    ("du 26 au 28 juin", "2024-07-01T08:10:00+02:00", "2024-06-26/2024-06-28", "absolute"),
    ("les 13 et 14 juin 2022", FRIDAY, "2022-06-13/2022-06-14", "absolute"),
    ("à partir du lundi 15 septembre", FRIDAY, "2025-09-15", "absolute"),
    ("la semaine du 8 septembre", FRIDAY, "2025-09-08~2025-09-14", "absolute"),
    ("du 8 au 10 courant", FRIDAY, "2025-09-08/2025-09-10", "relative"),
    ("les 8, 9 et 10 du mois courant", FRIDAY, "2025-09-08/2025-09-10", "relative"),
    ("les 3 mois", FRIDAY, "?", "duration"),
    ("il y a une dizaine de jours", FRIDAY, "?", "relative"),
    ("dans l'après-midi de jeudi", FRIDAY, "2025-09-11", "weekday"),
    ("les 3, 4 et 5 mars", FRIDAY, "2025-03-03/2025-03-05", "absolute"),
    ("du lundi 24 au mercredi 26 juin", MIDSUMMER, "2024-06-24/2024-06-26", "absolute"),
    ("lundi 24 et mardi 25 juin", MIDSUMMER, "2024-06-24/2024-06-25", "absolute"),
    ("du 30 juin au 2 juillet 2025", FRIDAY, "2025-06-30/2025-07-02", "absolute"),
    ("du 28 décembre au 3 janvier", NEW_YEAR, "2025-12-28/2026-01-03", "absolute"),
    ("du 28 décembre 2025 au 3 janvier 2026", NEW_YEAR, "2025-12-28/2026-01-03", "absolute"),
    ("le 12 décembre", "2023-12-22T12:00:00+01:00", "2023-12-12", "absolute"),
    ("le 12 décembre", NEW_YEAR, "2025-12-12", "absolute"),
    ("le 5 janvier", LAST_DAY, "2025-01-05", "absolute"),
    ("le 5 janvier", NEW_YEAR, "2026-01-05", "absolute"),
    ("le 12 mars dernier", FRIDAY, "2025-03-12", "absolute"),
    ("le 12 décembre dernier", FRIDAY, "2024-12-12", "absolute"),
    ("le 12 mars prochain", FRIDAY, "2026-03-12", "absolute"),
    ("le 16 janvier", FRIDAY, "2025-01-16", "absolute"),  # past, and of this year
    ("le 14 mars de l'année dernière", FRIDAY, "2024-03-14", "absolute"),
    ("14 avr. 2025", FRIDAY, "2025-04-14", "absolute"),
    ("le 12/09/2025", FRIDAY, "2025-09-12", "absolute"),
    ("2025-09-12", FRIDAY, "2025-09-12", "absolute"),
    ("le 31/02/2025", FRIDAY, "?", "absolute"),
    ("le 25 du mois dernier", FRIDAY, "2025-08-25", "relative"),
    ("le 10 de ce mois", FRIDAY, "2025-09-10", "relative"),
    ("mardi 9", FRIDAY, "2025-09-09", "absolute"),
    ("en juin 2022", FRIDAY, "2022-06", "absolute"),
    ("Janvier 2020 avait vu", FRIDAY, "2020-01", "absolute"),
    ("en mars", FRIDAY, "2025-03", "absolute"),
    ("en décembre", NEW_YEAR, "2025-12", "absolute"),
    ("celle d'octobre, dans le sillage", "2025-04-14T16:25:00+01:00", "2024-10", "absolute"),
    ("à la mi-juin", FRIDAY, "2025-06", "absolute"),
    ("fin mai", FRIDAY, "2025-05", "absolute"),
    ("en juin dernier", "2025-06-20T10:00:00+01:00", "2024-06", "absolute"),
    ("la semaine dernière", "2025-02-18T20:40:00+01:00", "2025-02-10~2025-02-16", "relative"),
    ("la semaine dernière", "2025-10-02T10:00:00+01:00", "2025-09-22~2025-09-28", "relative"),
    ("la semaine dernière", "2025-10-08T10:00:00+01:00", "?", "relative"),  # it lies in two months
    ("cette semaine", FRIDAY, "2025-09-08~2025-09-14", "relative"),
    ("un centre de veille", FRIDAY, None, ""),
    ("cela verra le jour avant longtemps", FRIDAY, None, ""),
    ("cette semaine", "2025-10-01T10:00:00+01:00", "2025-10-01~2025-10-05", "relative"),
    ("le mois dernier", NEW_YEAR, "2025-12", "relative"),
    ("le mois prochain", LAST_DAY, "2025-01", "relative"),
    ("ce mois-ci", FRIDAY, "2025-09", "relative"),
    ("l'an dernier", NEW_YEAR, "2025", "relative"),
    ("à la fin du mois", FRIDAY, "2025-09", "relative"),
    ("ces jours-ci", FRIDAY, "2025-09-06~2025-09-12", "relative"),
    ("à la fin de l'année dernière", FRIDAY, "2024", "relative"),
    ("en 2017", FRIDAY, "2017", "absolute"),
    ("début 2023", FRIDAY, "2023", "absolute"),
    ("il y a deux jours", NEW_YEAR, "2025-12-31", "relative"),
    ("il y a une semaine", FRIDAY, "2025-09-02~2025-09-08", "relative"),
    ("il y a trois mois", "2025-02-10T10:00:00+01:00", "2024-11", "relative"),
    ("il y a un an", FRIDAY, "2024", "relative"),
    ("il y a quelques jours", FRIDAY, "?", "relative"),
    ("ces derniers jours", FRIDAY, "?", "relative"),
    ("dans les prochains jours", FRIDAY, "?", "relative"),
    ("dans deux jours", LAST_DAY, "2025-01-02", "relative"),
    ("récemment", FRIDAY, "?", "relative"),
    ("à l'automne 2022", FRIDAY, "?", "absolute"),
    ("l'été dernier", FRIDAY, "?", "absolute"),
    ("les attentats du 11 septembre", FRIDAY, "2001-09-11", "absolute"),
    ("les attentats du 16 mai", "2025-05-22T11:40:00+01:00", "2003-05-16", "absolute"),
    ("le 15 ramadan 1446", FRIDAY, "?", "absolute"),
    ("le 15 ramadan 1446 (16 mars 2025)", FRIDAY, "2025-03-16", "absolute"),
    ("âgé de 30 ans", FRIDAY, "?", "duration"),
    ("pendant trois jours", FRIDAY, "?", "duration"),
    ("1956-1960", FRIDAY, "?", "duration"),
    ("de 2018 à 2022", FRIDAY, "?", "duration"),
    ("depuis 2004", FRIDAY, "?", "duration"),
    ("depuis deux ans", FRIDAY, "?", "duration"),
    ("ces dernières années", FRIDAY, "?", "duration"),
    ("en mars et avril 2024", FRIDAY, "?", "duration"),
    ("entre novembre et février", FRIDAY, "?", "duration"),
    ("d'ici à septembre", "2022-07-15T22:30:00+02:00", "2022-09", "duration"),
    ("jusqu'au 12 octobre", FRIDAY, "2025-10-12", "duration"),
    ("avant le 12 octobre", FRIDAY, "2025-10-12", "duration"),
    ("ces derniers mois", FRIDAY, "?", "duration"),
    ("de janvier à juin", FRIDAY, "?", "duration"),
    ("de novembre 2021 à mai 2022", FRIDAY, "?", "duration"),
    ("les attentats du 13-Novembre", FRIDAY, "2015-11-13", "absolute"),
    ("après le 11-Septembre", FRIDAY, "2001-09-11", "absolute"),
    ("en sept. 2021", FRIDAY, "2021-09", "absolute"),
    ("plus de sept fréquences", FRIDAY, None, ""),
    ("les Jeux olympiques de Paris 2024", FRIDAY, None, ""),
    ("la Coupe du monde 2030", FRIDAY, None, ""),
    ("avenue du 11 janvier", FRIDAY, None, ""),
    ("la planète Mars", FRIDAY, None, ""),
    ("mars 12 personnes", FRIDAY, None, ""),
    ("à 14h30, salle B", FRIDAY, None, ""),
    ("à l'ordre du jour", FRIDAY, None, ""),
    ("2,4 millions et 8.913 fonctionnaires", FRIDAY, None, ""),
    ("le G5 Sahel et la DGSI2", FRIDAY, None, ""),
    ("du lundi au vendredi", FRIDAY, None, ""),
]

ARABIC = [
    ("اليوم الخميس بالرباط", "2025-09-11T18:00:00+01:00", "2025-09-11", "relative"),
    ("أمس (الأربعاء)", "2025-09-11T18:00:00+01:00", "2025-09-10", "relative"),
    ("غدا الجمعة", "2025-09-11T18:00:00+01:00", "2025-09-12", "relative"),
    ("غداً (الأربعاء)", "2026-03-31T10:30:00+03:00", "2026-04-01", "relative"),
    ("مساء أمس الأحد", "2025-02-24T09:30:00+00:00", "2025-02-23", "relative"),
    ("أول أمس", FRIDAY, "2025-09-10", "relative"),
    ("أول من أمس", FRIDAY, "2025-09-10", "relative"),
    ("بعد غد", FRIDAY, "2025-09-14", "relative"),
    ("البارح", FRIDAY, "2025-09-11", "relative"),
    ("يومه الجمعة", FRIDAY, "2025-09-12", "relative"),
    ("يوم الخميس", FRIDAY, "2025-09-11", "weekday"),
    ("نهار الخميس", FRIDAY, "2025-09-11", "weekday"),
    ("الخميس الماضي", FRIDAY, "2025-09-11", "weekday"),
    ("الجمعة المقبل", FRIDAY, "2025-09-19", "weekday"),
    ("يومي الأربعاء والخميس", FRIDAY, "2025-09-10/2025-09-11", "weekday"),
    ("من الاثنين إلى الأربعاء", FRIDAY, "2025-09-08/2025-09-10", "weekday"),
    ("منذ الإثنين وإلى غاية اليوم الأربعاء", MIDSUMMER, "2024-06-24/2024-06-26", "relative"),
    ("منذ أمس الثلاثاء", "2025-01-29T21:05:00+01:00", "2025-01-28", "relative"),
    ("صباح اليوم الاثنين 25 نونبر", "2024-11-25T14:10:00+01:00", "2024-11-25", "absolute"),
    ("يوم 25 نونبر المنصرم", "2024-12-05T17:52:00+01:00", "2024-11-25", "absolute"),
    ("يوم 9 نونبر الماضي", "2023-12-13T15:45:00+01:00", "2023-11-09", "absolute"),
    ("يوم 14 شتنبر", "2025-09-20T10:00:00+01:00", "2025-09-14", "absolute"),
    ("في 14 ماي 2024", FRIDAY, "2024-05-14", "absolute"),
    ("فاتح شتنبر", FRIDAY, "2025-09-01", "absolute"),
    ("في الثامن من شتنبر", FRIDAY, "2025-09-08", "absolute"),
    ("الحادي عشر من شهر يونيو 2024", FRIDAY, "2024-06-11", "absolute"),
    ("الخامس والعشرين من نوفمبر 2024", FRIDAY, "2024-11-25", "absolute"),
    ("٢٥ يوليوز ٢٠٢٥", FRIDAY, "2025-07-25", "absolute"),
    ("۲۵ غشت ۲۰۲۵", FRIDAY, "2025-08-25", "absolute"),
    ("5 جويلية 2025", FRIDAY, "2025-07-05", "absolute"),
    ("12 فيفري 2024", FRIDAY, "2024-02-12", "absolute"),
    ("25 أوت", FRIDAY, "2025-08-25", "absolute"),
    ("3 جوان 2025", FRIDAY, "2025-06-03", "absolute"),
    ("20 كانون الثاني 2025", FRIDAY, "2025-01-20", "absolute"),
    ("7 تشرين الأول 2024", FRIDAY, "2024-10-07", "absolute"),
    ("3 سبتمبر (أيلول) 2025", FRIDAY, "2025-09-03", "absolute"),
    ("16 أيار/مايو 2025", FRIDAY, "2025-05-16", "absolute"),
    ("2 أغسطس 2025", FRIDAY, "2025-08-02", "absolute"),
    ("يومي 3 و4 مارس", FRIDAY, "2025-03-03/2025-03-04", "absolute"),
    ("خلال الفترة من 12 إلى 14 مارس", FRIDAY, "2025-03-12/2025-03-14", "absolute"),
    ("من 24 إلى 26 يونيو 2024", FRIDAY, "2024-06-24/2024-06-26", "absolute"),
    ("في 20 يناير", "2025-01-20T17:25:00+04:00", "2025-01-20", "absolute"),
    ("20 دجنبر", NEW_YEAR, "2025-12-20", "absolute"),
    ("16/10/2025", "2025-10-16T14:20:00+00:00", "2025-10-16", "absolute"),
    ("٢٨ رمضان ١٤٤٧ هـ الموافق ١٧ مارس ٢٠٢٦ م", "2026-03-17T22:40:00+03:00", "2026-03-17", "absolute"),
    ("17 مارس 2026 م الموافق 28 رمضان 1447 هـ", "2026-03-17T22:40:00+03:00", "2026-03-17", "absolute"),
    ("15 رمضان 1446 هـ", FRIDAY, "?", "absolute"),
    ("10 محرم", FRIDAY, "?", "absolute"),
    ("في يونيو 2022", FRIDAY, "2022-06", "absolute"),
    ("في يناير الماضي", "2025-11-17T18:35:00+04:00", "2025-01", "absolute"),
    ("شهر نونبر الماضي", NEW_YEAR, "2025-11", "absolute"),
    ("نهاية شهر أبريل", FRIDAY, "2025-04", "absolute"),
    ("الأسبوع الماضي", "2025-02-18T20:40:00+01:00", "2025-02-10~2025-02-16", "relative"),
    ("هاد الأيام", "2025-09-21T12:45:00+01:00", "2025-09-15~2025-09-21", "relative"),
    ("نهاية الشهر الجاري", FRIDAY, "2025-09", "relative"),
    ("الشهر الماضي", NEW_YEAR, "2025-12", "relative"),
    ("السنة الماضية", NEW_YEAR, "2025", "relative"),
    ("العام المقبل", FRIDAY, "2026", "relative"),
    ("سنة 2021", FRIDAY, "2021", "absolute"),
    ("وفي 2007", FRIDAY, "2007", "absolute"),
    ("قبل يومين", NEW_YEAR, "2025-12-31", "relative"),
    ("قبل 3 أيام", FRIDAY, "2025-09-09", "relative"),
    ("قبل عشرين سنة", "2024-09-12T10:00:00+01:00", "2004", "relative"),
    ("قبل أيام", FRIDAY, "?", "relative"),
    ("مؤخرا", FRIDAY, "?", "relative"),
    ("أحداث 11 سبتمبر", FRIDAY, "2001-09-11", "absolute"),
    ("لمدة يومين", FRIDAY, "?", "duration"),
    ("للفترة 2025-2026", FRIDAY, "?", "duration"),
    ("منذ سنة 2004", FRIDAY, "?", "duration"),
    ("إلى غاية 23 شتنبر", FRIDAY, "2025-09-23", "duration"),
    ("الليلة الماضية", FRIDAY, "2025-09-11", "relative"),
    ("غرة ديسمبر 2024", FRIDAY, "2024-12-01", "absolute"),
    ("اليوم24 جانفي 2017", "2017-01-24T17:52:00+01:00", "2017-01-24", "absolute"),
    ("18 فيفري2017", FRIDAY, "2017-02-18", "absolute"),
    ("اليوم24 – فن", FRIDAY, None, ""),
    ("الذي لامس المعدل", FRIDAY, None, ""),
    ("مونديال 2030", FRIDAY, None, ""),
    ("اليوم الأول من الزيارة", FRIDAY, None, ""),
    ("المصري اليوم", FRIDAY, None, ""),
    ("الدورة 93 للجمعية العامة", FRIDAY, None, ""),
    ("مارس الرياضة", FRIDAY, None, ""),
    ("شارع 20 غشت", FRIDAY, None, ""),
]

SPANISH = [
    ("este lunes en Dakar", "2023-10-30T18:45:00+01:00", "2023-10-30", "weekday"),
    ("recibió el jueves en Rabat", "2022-09-16T08:30:00+02:00", "2022-09-15", "weekday"),
    ("el pasado jueves", FRIDAY, "2025-09-11", "weekday"),
    ("el viernes pasado", FRIDAY, "2025-09-05", "weekday"),
    ("el próximo lunes", FRIDAY, "2025-09-15", "weekday"),
    ("viajará este martes", "2019-09-03T09:15:00+02:00", "2019-09-03", "weekday"),
    ("el lunes y el martes", FRIDAY, "2025-09-08/2025-09-09", "weekday"),
    ("desde el lunes hasta el miércoles", FRIDAY, "2025-09-08/2025-09-10", "weekday"),
    ("ayer jueves", FRIDAY, "2025-09-11", "relative"),
    ("hoy", FRIDAY, "2025-09-12", "relative"),
    ("esta mañana", FRIDAY, "2025-09-12", "relative"),
    ("mañana sábado", FRIDAY, "2025-09-13", "relative"),
    ("anteayer", FRIDAY, "2025-09-10", "relative"),
    ("durante la mañana de este viernes", FRIDAY, "2025-09-12", "weekday"),
    ("en la tarde del jueves", FRIDAY, "2025-09-11", "weekday"),
    ("tenían por delante una mañana entera", FRIDAY, None, ""),
    ("pasado mañana", LAST_DAY, "2025-01-02", "relative"),
    ("ayer por la tarde", FRIDAY, "2025-09-11", "relative"),
    ("del 12 al 14 de marzo", FRIDAY, "2025-03-12/2025-03-14", "absolute"),
    ("los días 12 y 13 de marzo de 2025", FRIDAY, "2025-03-12/2025-03-13", "absolute"),
    ("el pasado viernes, 22 de noviembre", "2024-11-26T12:10:00+01:00", "2024-11-22", "absolute"),
    ("el 22 de noviembre del año pasado", FRIDAY, "2024-11-22", "absolute"),
    ("el lunes 10 de febrero", FRIDAY, "2025-02-10", "absolute"),
    ("DAKAR, 30 Oct.", "2023-10-30T18:45:00+01:00", "2023-10-30", "absolute"),
    ("el 12.09.2025", FRIDAY, "2025-09-12", "absolute"),
    ("el 28 de diciembre", NEW_YEAR, "2025-12-28", "absolute"),
    ("en junio", "2022-09-15T19:40:00+02:00", "2022-06", "absolute"),
    ("el pasado mes de mayo", FRIDAY, "2025-05", "absolute"),
    ("a mediados de junio de 2022", FRIDAY, "2022-06", "absolute"),
    ("a finales de mayo", FRIDAY, "2025-05", "absolute"),
    ("la semana pasada", "2025-02-18T20:40:00+01:00", "2025-02-10~2025-02-16", "relative"),
    ("la próxima semana", "2025-02-10T15:20:00+01:00", "2025-02-17~2025-02-23", "relative"),
    ("el mes pasado", NEW_YEAR, "2025-12", "relative"),
    ("a finales de mes", FRIDAY, "2025-09", "relative"),
    ("el año pasado", NEW_YEAR, "2025", "relative"),
    ("en 2017", FRIDAY, "2017", "absolute"),
    ("hace dos días", NEW_YEAR, "2025-12-31", "relative"),
    ("hace tres semanas", FRIDAY, "2025-08-19~2025-08-25", "relative"),
    ("los atentados del 11 de marzo", FRIDAY, "2004-03-11", "absolute"),
    ("el 25 del mes pasado", FRIDAY, "2025-08-25", "relative"),
    ("durante dos días", FRIDAY, "?", "duration"),
    ("en apenas 48 horas", FRIDAY, "?", "duration"),
    ("nueve meses", FRIDAY, "?", "duration"),
    ("el Mundial de Fútbol 2030", FRIDAY, None, ""),
    ("hoy en día", FRIDAY, None, ""),
    ("un 46 por ciento", FRIDAY, None, ""),
]

ENGLISH = [
    ("met in Rabat on Friday", "2020-01-10T18:30:00+01:00", "2020-01-10", "weekday"),
    ("announced on Monday", "2025-04-15T09:00:00+02:00", "2025-04-14", "weekday"),
    ("last Thursday", FRIDAY, "2025-09-11", "weekday"),
    ("last Friday", FRIDAY, "2025-09-05", "weekday"),
    ("next Monday", FRIDAY, "2025-09-15", "weekday"),
    ("this Thursday", FRIDAY, "2025-09-11", "weekday"),
    ("Tuesday night", FRIDAY, "2025-09-09", "weekday"),
    ("Saturday's match", FRIDAY, "2025-09-06", "weekday"),
    ("Monday and Tuesday", FRIDAY, "2025-09-08/2025-09-09", "weekday"),
    ("from Monday to Wednesday", FRIDAY, "2025-09-08/2025-09-10", "weekday"),
    ("Monday through Wednesday", FRIDAY, "2025-09-08/2025-09-10", "weekday"),
    ("yesterday", NEW_YEAR, "2026-01-01", "relative"),
    ("today", FRIDAY, "2025-09-12", "relative"),
    ("tomorrow", LAST_DAY, "2025-01-01", "relative"),
    ("the day before yesterday", FRIDAY, "2025-09-10", "relative"),
    ("September 11", FRIDAY, "2025-09-11", "absolute"),
    ("11 September", FRIDAY, "2025-09-11", "absolute"),
    ("the 11th of September", FRIDAY, "2025-09-11", "absolute"),
    ("Sept. 11-12", FRIDAY, "2025-09-11/2025-09-12", "absolute"),
    ("Thursday, September 11, 2025", FRIDAY, "2025-09-11", "absolute"),
    ("September 30 to October 2, 2025", FRIDAY, "2025-09-30/2025-10-02", "absolute"),
    ("11 September to 2 October 2025", FRIDAY, "2025-09-11/2025-10-02", "absolute"),
    ("June 26-28", FRIDAY, "2025-06-26/2025-06-28", "absolute"),
    ("March 3 and 4", FRIDAY, "2025-03-03/2025-03-04", "absolute"),
    ("December 28 to January 2", NEW_YEAR, "2025-12-28/2026-01-02", "absolute"),
    ("12 December", NEW_YEAR, "2025-12-12", "absolute"),
    ("on 21 December", "2025-11-05T09:40:00+00:00", "2025-12-21", "absolute"),
    ("13/09/2025", FRIDAY, "2025-09-13", "absolute"),
    ("09/11/2025", FRIDAY, "2025-09-11", "absolute"),  # the other reading lies two months ahead
    ("03/04/2024", FRIDAY, "?", "absolute"),  # nothing says which
    ("in June 2022", FRIDAY, "2022-06", "absolute"),
    ("in October", NEW_YEAR, "2025-10", "absolute"),
    ("in May", FRIDAY, "2025-05", "absolute"),
    ("mid-June", FRIDAY, "2025-06", "absolute"),
    ("last week", "2025-02-18T20:40:00+01:00", "2025-02-10~2025-02-16", "relative"),
    ("earlier this week", FRIDAY, "2025-09-08~2025-09-14", "relative"),
    ("last month", NEW_YEAR, "2025-12", "relative"),
    ("last year", NEW_YEAR, "2025", "relative"),
    ("in 2022", FRIDAY, "2022", "absolute"),
    ("two days ago", NEW_YEAR, "2025-12-31", "relative"),
    ("two weeks ago", FRIDAY, "2025-08-26~2025-08-31", "relative"),
    ("the previous week", FRIDAY, "?", "relative"),
    ("the week of September 8", FRIDAY, "2025-09-08~2025-09-14", "absolute"),
    ("a few days ago", FRIDAY, "?", "relative"),
    ("in recent days", FRIDAY, "?", "relative"),
    ("the September 11 attacks", FRIDAY, "2001-09-11", "absolute"),
    ("a two-day visit", FRIDAY, "?", "duration"),
    ("over two years", FRIDAY, "?", "duration"),
    ("the past two years", FRIDAY, "?", "duration"),
    ("since 2004", FRIDAY, "?", "duration"),
    ("before October", FRIDAY, "2025-10", "duration"),
    ("May I ask", FRIDAY, None, ""),
    ("March with us", FRIDAY, None, ""),
    ("they may march in august company", FRIDAY, None, ""),
    ("the 2030 World Cup", FRIDAY, None, ""),
]

TABLE = [(language, *row) for language, rows in (("fr", FRENCH), ("ar", ARABIC), ("es", SPANISH), ("en", ENGLISH)) for row in rows]


@pytest.mark.parametrize(("language", "phrase", "published", "expected", "kind"), TABLE)
def test_phrase_means(language: str, phrase: str, published: str, expected: str | None, kind: str) -> None:
    found = read(phrase, language, published)
    if expected is None:
        assert found == []
        return
    assert [(shown(one.days), one.kind) for one in found] == [(expected, kind)]


@pytest.mark.parametrize(("language", "phrase", "published", "expected", "kind"), TABLE)
def test_without_a_publication_time_only_what_is_written_is_known(
    language: str, phrase: str, published: str, expected: str | None, kind: str
) -> None:
    for mention in read(phrase, language, None):
        written = any(letter.isdigit() for letter in phrase)
        attack = any(year in str(expected) for year in ("2001", "2003", "2004", "2015"))
        assert shown(mention.days) == "?" or (written and shown(mention.days) == expected) or attack


@pytest.mark.parametrize(
    ("phrase", "language"),
    [("jeudi", "fr"), ("hier", "fr"), ("la semaine dernière", "fr"), ("le 12 mars", "fr"), ("أمس", "ar"), ("two days ago", "en")],
)
def test_a_relative_word_without_publication_time_is_unknown(phrase: str, language: str) -> None:
    (mention,) = read(phrase, language, None)
    assert mention.days == UNKNOWN_DAYS


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("fr", "Reçu à Rabat, jeudi 11 septembre 2025, par", "jeudi 11 septembre 2025"),
        ("fr", "du 26 au 28 juin, n’avait", "26 au 28 juin"),
        ("fr", "le 14 avr. 2025 (AFP)", "14 avr. 2025"),
        ("fr", "le 12 de\u0301cembre, il", "12 de\u0301cembre"),
        ("ar", "بالرباط، أمس (الأربعاء)، رؤساء", "أمس (الأربعاء)"),
        ("ar", "يوم ٢٥ نونبر المنصرم.", "يوم ٢٥ نونبر المنصرم"),
        ("en", "held on Thursday, Sept. 11, in Rabat", "Thursday, Sept. 11"),
        ("es", "el pasado viernes, 22 de noviembre. Los", "pasado viernes, 22 de noviembre"),
    ],
)
def test_the_span_covers_the_words_in_the_text_as_given(language: str, text: str, words: str) -> None:
    (mention,) = read(text, language, FRIDAY)
    assert text[mention.start : mention.end] == words


@pytest.mark.parametrize(
    ("phrase", "language", "published", "expected"),
    [
        ("aujourd'hui jeudi", "fr", "2025-09-12T00:20:00+01:00", "2025-09-11"),
        ("ce jeudi", "fr", "2025-09-12T00:20:00+01:00", "2025-09-11"),
        ("jeudi", "fr", "2025-09-12T00:20:00+01:00", "2025-09-11"),
        ("hier mercredi", "fr", "2025-09-12T00:20:00+01:00", "2025-09-10"),
        ("اليوم الخميس", "ar", "2025-09-12T00:05:00+01:00", "2025-09-11"),
        ("hoy jueves", "es", "2025-09-12T00:05:00+02:00", "2025-09-11"),
        # 23:30 UTC is already the next day in Casablanca, and the names say so
        ("اليوم الجمعة", "ar", "2025-09-11T23:30:00+00:00", "2025-09-12"),
    ],
)
def test_shortly_after_midnight_the_name_of_the_day_wins_over_the_clock(phrase: str, language: str, published: str, expected: str) -> None:
    (mention,) = read(phrase, language, published)
    assert shown(mention.days) == expected


def test_today_is_the_day_in_the_zone_of_the_publication() -> None:
    assert shown(read("aujourd'hui", "fr", "2025-09-12T00:30:00+01:00")[0].days) == "2025-09-12"
    assert shown(read("aujourd'hui", "fr", "2025-09-11T23:30:00+00:00")[0].days) == "2025-09-11"


@pytest.mark.parametrize(
    ("phrase", "language", "published", "alternative"),
    [
        ("jeudi", "fr", FRIDAY, "2025-09-18"),
        ("ce lundi", "fr", FRIDAY, "2025-09-08"),
        ("mardi et mercredi", "fr", FRIDAY, "2025-09-16/2025-09-17"),
        ("le 12 décembre", "fr", FRIDAY, "2024-12-12"),
        ("le 10 septembre", "fr", FRIDAY, "2026-09-10"),
        ("en octobre", "fr", FRIDAY, "2024-10"),
        ("en juin", "fr", FRIDAY, "2026-06"),
        ("on Thursday", "en", FRIDAY, "2025-09-18"),
    ],
)
def test_a_day_without_more_has_its_other_reading_beside_it(phrase: str, language: str, published: str, alternative: str) -> None:
    (mention,) = read(phrase, language, published)
    assert mention.alternative is not None
    assert shown(mention.alternative) == alternative


@pytest.mark.parametrize(
    "phrase",
    [
        "jeudi dernier",
        "lundi prochain",
        "hier",
        "le 12 mars 2025",
        "le 12 mars dernier",
        "en juin 2022",
        "la semaine dernière",
        "hier jeudi et ce vendredi",
    ],
)
def test_what_is_told_outright_has_no_other_reading(phrase: str) -> None:
    (mention,) = read(phrase, "fr", FRIDAY)
    assert mention.alternative is None


@pytest.mark.parametrize(
    ("phrase", "direction"),
    [
        ("jeudi", "past"),
        ("vendredi", "same"),
        ("hier jeudi et ce vendredi", "same"),
        ("demain", "future"),
        ("le 12 décembre", "future"),
        ("la semaine dernière", "past"),
        ("la semaine prochaine", "future"),
        ("récemment", "past"),
        ("prochainement", "future"),
        ("dans les prochains jours", "future"),
        ("il y a quelques mois", "past"),
        ("l'été dernier", "past"),
    ],
)
def test_direction_is_seen_from_the_day_of_publication(phrase: str, direction: str) -> None:
    (mention,) = read(phrase, "fr", FRIDAY)
    assert mention.direction == direction


@pytest.mark.parametrize(
    ("text", "language", "shift", "expected"),
    [
        ("Ils se sont vus lundi. Ils avaient dîné la veille au soir.", "fr", -1, "2025-09-07"),
        ("Arrivé mercredi, il a vu la patronne. Le lendemain, c'est lui qui l'a reçu.", "fr", 1, "2025-09-11"),
        ("La veille, ils avaient dîné.", "fr", -1, "?"),
        ("Cinq jours après le patron de la CIA, un autre", "fr", 5, "?"),
        ("Le 4 mars, il a vu X. Deux jours plus tard, il a vu Y.", "fr", 2, "2025-03-06"),
        ("Le même jour, il a vu X.", "fr", 0, "?"),
        ("Trois semaines plus tard, il revenait.", "fr", None, "?"),
        ("He met X on Monday. The next day he met Y.", "en", 1, "2025-09-09"),
        ("Se vieron el lunes. Al día siguiente viajaron.", "es", 1, "2025-09-09"),
        ("التقى به يوم الاثنين. وفي اليوم التالي زار المقر.", "ar", 1, "2025-09-09"),
    ],
)
def test_a_day_counted_from_another_is_known_only_if_the_other_is_clear(text: str, language: str, shift: int | None, expected: str) -> None:
    mention = next(one for one in read(text, language, FRIDAY) if one.kind == "relative")
    assert mention.shift == shift
    assert shown(mention.days) == expected


def test_the_named_day_wins_over_the_day_counted_from_another() -> None:
    found = read("verra dès le lendemain, lundi 22 avril, son homologue", "fr", "2024-04-10T13:10:00+00:00")
    assert [shown(one.days) for one in found] == ["2024-04-22"]


def test_a_month_after_a_dated_one_has_its_year() -> None:
    found = read("in January 2025 and again in February", "en", "2025-12-14T08:00:00+00:00")
    assert [shown(one.days) for one in found] == ["2025-01", "2025-02"]
    found = read("en décembre 2023 puis en février", "fr", "2024-09-24T20:30:00+01:00")
    assert [shown(one.days) for one in found] == ["2023-12", "2024-02"]
    found = read("en juin 2024, puis en octobre", "fr", "2024-09-24T20:30:00+01:00")
    assert [shown(one.days) for one in found] == ["2024-06", "2024-10"]


def test_since_and_until_are_told() -> None:
    (since,) = read("se trouve depuis lundi à Rabat", "fr", FRIDAY)
    assert (since.since, since.until, since.kind) == (True, False, "weekday")
    (until,) = read("reste jusqu'à mercredi à Rabat", "fr", FRIDAY)
    assert (until.since, until.until, until.kind) == (False, True, "duration")


@pytest.mark.parametrize(
    ("text", "language", "length"),
    [
        ("une visite de trois jours", "fr", 3),
        ("pour deux jours", "fr", 2),
        ("pendant deux ans", "fr", None),
        ("quelques jours", "fr", None),
        ("زيارة تستمر يومين", "ar", 2),
        ("دامت ثلاثة أيام", "ar", 3),
        ("tres días de debates", "es", 3),
        ("a two-day visit", "en", 2),
        ("48 hours", "en", None),
    ],
)
def test_a_duration_in_days_tells_how_many(text: str, language: str, length: int | None) -> None:
    (mention,) = read(text, language, FRIDAY)
    assert (mention.kind, mention.length) == ("duration", length)


def test_the_coming_weekday_can_be_asked_for() -> None:
    friday = date(2025, 9, 12)
    assert shown(resolve_weekday(4, friday)) == "2025-09-12"
    assert shown(resolve_weekday(4, friday, future=True)) == "2025-09-19"
    assert shown(resolve_weekday(3, friday)) == "2025-09-11"
    assert shown(resolve_weekday(3, friday, future=True)) == "2025-09-18"
    assert resolve_weekday(3, None) == UNKNOWN_DAYS


@pytest.mark.parametrize("language", ["fr", "ar", "es", "en"])
def test_every_month_and_weekday_of_a_language_is_read(language: str) -> None:
    words = tomllib.loads((Path(dates.__file__).parent / "data" / "dates" / f"{language}.toml").read_text("utf-8"))
    for number, spellings in enumerate(words["months"], 1):
        for spelling in spellings:
            phrase = f"7 de {spelling} de 2021" if language == "es" else f"7 {spelling} 2021"
            assert [shown(one.days) for one in read(phrase, language, FRIDAY)] == [f"2021-{number:02}-07"], spelling
    for number, spellings in enumerate(words["weekdays"]):
        for spelling in spellings:
            phrase = f"يوم {spelling}" if language == "ar" else spelling
            expected = resolve_weekday(number, date(2025, 9, 12))
            assert [one.days for one in read(phrase, language, FRIDAY)] == [expected], spelling


def test_another_language_finds_nothing() -> None:
    assert find_dates("am Donnerstag, 11. September 2025", "de", datetime.fromisoformat(FRIDAY)) == ()


@pytest.mark.parametrize("published", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:00+00:00"])
@pytest.mark.parametrize(
    "phrase",
    ["hier lundi", "mardi prochain", "la semaine dernière", "l'an dernier", "dans 30 jours", "en mars", "le 29 février", "il y a 30 ans"],
)
def test_the_ends_of_the_calendar_are_survived(phrase: str, published: str) -> None:
    assert len(read(phrase, "fr", published)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("[words]", "wrong = 1\n[words]"), "fr.toml: wrong: unknown key"),
        (lambda text: text.replace("[words]\n", '[words]\nwhen = ["si"]\n'), "fr.toml: words.when: unknown key"),
        (lambda text: text.replace('["lundi"], ', ""), "fr.toml: weekdays: has 6 lists, not 7"),
        (lambda text: text.replace('["mardi"]', "[]"), r"fr.toml: weekdays\[1\]: empty list"),
        (lambda text: text.replace('["mardi"]', '["lundi"]'), "fr.toml: weekdays: 'lundi' stands also under weekdays"),
        (lambda text: text.replace('weak = ["mars"', 'weak = ["fructidor"'), "fr.toml: weak: 'fructidor' is no month"),
        (lambda text: text.replace('abbreviations = ["janv"', 'abbreviations = ["vend"'), "fr.toml: abbreviations: 'vend' is no month"),
        (lambda text: text.replace('"2001-09-11"', '"2001-13-11"'), "fr.toml: attacks: '2001-13-11' is no day"),
        (lambda text: text.replace("[relative]\n-2", "[relative]\nbefore"), "fr.toml: relative.before: must be a number"),
        (lambda text: text.replace("months = [", "months = [,"), "fr.toml: "),
    ],
)
def test_a_mistake_in_the_words_names_file_and_key(tmp_path: Path, change, message: str) -> None:
    original = (Path(dates.__file__).parent / "data" / "dates" / "fr.toml").read_text("utf-8")
    (tmp_path / "fr.toml").write_text(change(original), "utf-8")
    assert change(original) != original
    with pytest.raises(ValueError, match=message):
        dates._load_words("fr", tmp_path)


PIECES = [
    "lundi",
    "12",
    "mars",
    "2025",
    "et",
    "du",
    "au",
    "hier",
    "dernier",
    "(",
    ")",
    ",",
    "-",
    "/",
    ".",
    "\n",
    "il y a",
    "jours",
    "la veille",
    "Sept.",
    "أمس",
    "و4",
    "3e",
    "à",
]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)), st.sampled_from(["fr", "ar", "es", "en"])
)
def test_any_text_is_read_and_every_span_lies_in_it(text: str, language: str) -> None:
    last = 0
    for mention in read(text, language, FRIDAY):
        assert last <= mention.start < mention.end <= len(text)
        last = mention.end
        if mention.days.first and mention.days.last:
            assert mention.days.first <= mention.days.last


@pytest.mark.parametrize(
    "piece", ["12 ", "lundi et ", "1 et 2 mars ", "hier ", "12/", "2025-", "mars ", "(", "il y a ", "la ", "1.1", "9" * 50]
)
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        read((piece * (size // len(piece) + 1))[:size], "fr", FRIDAY)
        return time.process_time() - start

    half, whole = seconds(150_000), seconds(300_000)
    assert whole < 4 * half + 0.2
