"""Who is who: when two mentions are the same person or office, and which mention says most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.detect.fold import fold_key
from pipelines.detect.mentions import Actor

SECURITY_KINDS = frozenset(("police", "intelligence", "gendarmerie", "interior", "justice", "prosecutor", "military", "border", "cyber"))


def surname(name: str) -> str:
    """The last word of a name, folded, without the Arabic article."""
    words = fold_key(name).replace("-", " ").split()
    last = words[-1] if words else ""
    return last[2:] if last.startswith("ال") and len(last) > 4 else last


def actor_key(actor: Actor) -> str:
    """What makes two mentions the same one: the register's person, else the surname, else body or office."""
    if actor.person_id:
        return actor.person_id
    if actor.name:
        return "~" + surname(actor.name)
    return ""


def same_actor(one: Actor, two: Actor) -> bool:
    """The same person, or a nameless mention that the named one accounts for."""
    if one.person_id and two.person_id:
        return one.person_id == two.person_id
    if one.name and two.name:
        return surname(one.name) == surname(two.name)
    if one.name or two.name:
        named, bare = (one, two) if one.name else (two, one)
        if bare.country and named.country and bare.country != named.country:
            return False
        if bare.type == "body":
            return bool(bare.country) and bare.country == named.country
        if bare.body_id and named.body_id:
            return bare.body_id == named.body_id or (bare.kind == named.kind and bare.country == named.country and bare.kind == "interior")
        return bool(bare.country) and bare.country == named.country and (bare.kind is None or named.kind is None or bare.kind == named.kind)
    if one.body_id and two.body_id:
        return one.body_id == two.body_id
    if one.country == "INT" and one.kind != two.kind:
        return False
    return one.country == two.country and (one.kind == two.kind or "body" in (one.type, two.type))


def fuller(new: Actor, old: Actor) -> bool:
    """A fuller mention of the same one."""
    if bool(new.name) != bool(old.name):
        return bool(new.name)
    if (new.type == "person") != (old.type == "person"):
        return new.type == "person"
    if bool(new.body) != bool(old.body):
        return bool(new.body)
    if new.name_in_text and old.name_in_text and len(new.name_in_text) > len(old.name_in_text) and not (old.role and not new.role):
        return True
    return bool(new.role) and not old.role and len(new.name_in_text or "") >= len(old.name_in_text or "")


def sober(actor: Actor) -> Actor:
    """Several nameless people ("des responsables américains") are nobody in particular."""
    if actor.type != "person" and actor.name and actor.plural:
        return replace(actor, name=None, name_in_text=None, person_id=None, known=False)
    return actor


def retarget(actors: Sequence[Actor]) -> list[Actor]:
    """A title whose holder the text does not name goes to the person of that country and kind whom the text does name."""
    named = [actor for actor in actors if actor.type == "person" and actor.name]
    found = []
    for actor in actors:
        if actor.type != "person" and actor.person_id and actor.resolved_to is None:
            same = [one for one in named if one.country == actor.country and one.kind == actor.kind]
            if same and not any(one.person_id == actor.person_id for one in named) and len({actor_key(one) for one in same}) == 1:
                actor = replace(
                    actor, name=same[0].name, person_id=same[0].person_id, name_in_text=same[0].name_in_text, body_id=same[0].body_id
                )
        found.append(actor)
    return found
