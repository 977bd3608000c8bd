"""Addresses: what a link in a feed or page points at, and when two addresses are the same article.

`absolute` reads a link as a browser would and gives an address that can be fetched. `canonical` and `link_key` give an
identity: never fetch them, they have lost `www.` and the session. Nothing here raises on garbage.
"""

from __future__ import annotations

import hashlib
import ipaddress
import posixpath
import re
import socket
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes, urljoin, urlsplit

MAX_LENGTH = 8192  # longer than any address servers accept (Apache and nginx stop at 8 kB); a feed can hold megabytes

# Marks that change how text around them is shown (UAX #9) and marks without width; in an address only ever a disguise
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]")
_LINE_ENDS = re.compile(r"[\t\n\r]")
_STRIPPED = "".join(map(chr, range(0x21))) + "\u00a0"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_NUMERIC_END = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")

_GOOGLE_NEWS = re.compile(r"news\.google\.(com|[a-z]{2}|com?\.[a-z]{2})")

_PATH_SAFE = "/:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?"

# First labels that name a spelling of the same site, not another site
_SPELLINGS = ("www.", "m.", "amp.", "mobile.", "www2.", "www1.")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TRACKING_PREFIXES = tuple(_words("utm_ at_ pk_ mtm_ matomo_ piwik_ mc_ _hs hsa_ fb_ ns_ oly_ wt. vero_ aspsessionid"))
_TRACKING = _words(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh li_fat_id srsltid mkt_tok trk trkid
    _ga _gl _gac _openstat xtor xtref xtcr cmpid cmp cid_source icid ito ocid ncid smid smtyp s_cid sc_cid s_kwcid ef_id
    rb_clickid sr_share spref guccounter guce_referrer guce_referrer_sig ref_src ref_url referrer referer sfnsn __tn__
    __twitter_impression action_object_map traffic_source wprss feedname outputtype amp amp_js_v usqp hsctatracking
    echobox share_id phpsessid jsessionid asp.net_sessionid session_id sessionid cfid cftoken oscsid zenid sessid
    nocache cachebuster _ cb rnd rand
    """
)
# Names that carry either a mark of origin or of a session, or the article's own number: dropped unless the value is a
# short number, a path or a file name
_DOUBTFUL = _words("ref source src from via origin partner medium campaign share feed rss sid sess session token")
_CLOCKS = _words("t ts time timestamp")  # dropped when the value is a time in seconds or longer

# Labels under which a country's registry sells names: "gov.ma" is no site, "dgsn.gov.ma" is
_SECOND_LEVEL = _words("co com net org gov gob gouv gub edu ac mil press sch asso ltd plc")


def absolute(base: str, link: str) -> str | None:
    """The http or https address that `link` means on the page `base`, ASCII as a browser would send it; None if there is none.

    Relative and protocol-relative links, spaces, raw Arabic, international host names and backslashes are understood;
    bidi marks, control characters, user names and the default port are removed; the fragment is kept. Escapes are not doubled.
    """
    link = _clean(link)
    if not link or len(link) > MAX_LENGTH:
        return None
    scheme = _SCHEME.match(link)
    if scheme and scheme[1].lower() not in ("http", "https"):
        # "news.example:8080/a" has no scheme either, but browsers refuse it as well
        return None
    try:
        joined = link if scheme and "//" in link[:8] else urljoin(_clean(base), link)
        parts = urlsplit(joined)
        netloc = _netloc(parts.scheme.lower(), parts.hostname, parts.port)
    except ValueError:
        return None
    if netloc is None:
        return None
    result = f"{parts.scheme.lower()}://{netloc}{_escaped(parts.path, _PATH_SAFE) or '/'}"
    if parts.query:
        result += "?" + _escaped(parts.query, _QUERY_SAFE)
    if parts.fragment:
        result += "#" + _escaped(parts.fragment, _QUERY_SAFE)
    return result if len(result) <= MAX_LENGTH else None


def canonical(url: str) -> str:
    """The identity of an address: equal for all spellings of one article's address. Not for fetching.

    Folded: scheme, host and its www/m/amp spellings, default port, fragment, AMP marks, tracking and session
    parameters, order of parameters, percent-encoding, trailing slash. An address that cannot be read is its own
    identity, without the blanks around it.
    """
    plain = absolute(url, url)
    if plain is None:
        return url.strip(_STRIPPED)
    try:
        parts = urlsplit(plain)
        host = _plain_host(parts.hostname or "")
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return plain
    query = _identifying(parts.query)
    return f"https://{host}{port}{_canonical_path(parts.path)}" + (f"?{query}" if query else "")


def link_key(url: str) -> str:
    """sha256 (hex) of the canonical address."""
    return hashlib.sha256(canonical(url).encode("utf-8", "surrogatepass")).hexdigest()


def host_of(url: str) -> str:
    """The host that is asked, lower case and ASCII, with the port if it is not the default one; "" if there is none.

    Spacing and caps go by this: two ports of one machine are two servers.
    """
    try:
        parts = urlsplit(url if "://" in url else absolute(url, url) or "")
        return _netloc(parts.scheme.lower(), parts.hostname, parts.port) or ""
    except ValueError:
        return ""


def site_of(url: str) -> str:
    """The registered name an address belongs to ("fr.le360.ma" -> "le360.ma"), or the IP address; "" if there is none.

    An approximation without the public suffix list: two labels, or three under a country's co, com, gov, press ...
    """
    host = host_of(url)
    host = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
    host = host.rstrip(".")
    labels = host.split(".")
    if not host or host.startswith("[") or _is_ip(host) or len(labels) <= 2:
        return host
    deep = len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if deep else labels[-2:])


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one registered name (or one IP address)."""
    site = site_of(one)
    return bool(site) and site == site_of(other)


def is_google_news(url: str) -> bool:
    """Whether an address is one of Google News' own: a query feed, or a link that only its script resolves."""
    return _GOOGLE_NEWS.fullmatch(host_of(url)) is not None


def _clean(text: str) -> str:
    """Without what a browser drops (blanks at both ends, tabs and line ends inside) and without hidden marks."""
    text = _INVISIBLE.sub("", text).strip(_STRIPPED)
    text = _LINE_ENDS.sub("", text)
    if "\\" in text:
        # Browsers read a backslash before the query as a slash
        head, mark, tail = text.partition("?")
        text = head.replace("\\", "/") + mark + tail
    return text


def _netloc(scheme: str, host: str | None, port: int | None) -> str | None:
    """Host and port as they are sent, or None if there is no usable host."""
    if scheme not in ("http", "https") or not host or port == 0:
        return None
    name = _ascii_host(host)
    if name is None:
        return None
    return name if port in (None, 443 if scheme == "https" else 80) else f"{name}:{port}"


def _ascii_host(host: str) -> str | None:
    """A host name in lower case and ASCII (IDN as xn--), an IPv6 address in brackets, or None."""
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host).compressed}]"
        except ValueError:
            return None
    if "%" in host:
        host = unquote_to_bytes(host).decode("utf-8", "replace")
    if len(host) > 253:
        return None
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    host = host.lower().removesuffix(".")
    if not _HOST.fullmatch(host) or ".." in host:
        return None
    return _dotted(host) if _NUMERIC_END.search(host) else host


def _dotted(host: str) -> str | None:
    """An IPv4 address in any of its spellings (hexadecimal, octal, one number) as four numbers, so that it shows what it is."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _escaped(text: str, safe: str) -> str:
    """Percent-encoded as UTF-8 where needed; what is encoded already stays."""
    if text.isascii() and not _CONTROL.search(text):
        text = _ESCAPE.sub("%25", text)
    else:
        text = _ESCAPE.sub("%25", text.encode("utf-8", "replace").decode("utf-8"))
    return quote(text, safe=safe + "%")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _plain_host(host: str) -> str:
    """The host without a trailing dot and without labels that only name a spelling of the site."""
    host = host.rstrip(".")
    if ":" in host:
        return f"[{host}]"
    if _is_ip(host):
        return host
    for label in _SPELLINGS:
        if host.startswith(label) and "." in host[len(label) :]:
            host = host[len(label) :]
    return host


def _canonical_path(path: str) -> str:
    path = quote_from_bytes(unquote_to_bytes(path), safe=_PATH_SAFE)
    path = re.sub(r";(?:jsessionid|phpsessid|sid)=[^/;]*", "", path, flags=re.IGNORECASE)
    path = re.sub("/{2,}", "/", path)
    if "/." in path:
        path = posixpath.normpath(path)
    path = re.sub(r"/amp/?$", "", path)
    return path.rstrip("/")


def _identifying(query: str) -> str:
    """The parameters that tell one article from another, sorted."""
    kept = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name = quote_from_bytes(unquote_to_bytes(name.replace("+", " ")), safe="")
        value = quote_from_bytes(unquote_to_bytes(value.replace("+", " ")), safe="")
        name = name.removeprefix("amp%3B")  # "&amp;" that was escaped twice
        if name and not _is_tracking(name.lower(), value):
            kept.append(f"{name}={value}" if value else name)
    return "&".join(sorted(kept))


def _is_tracking(name: str, value: str) -> bool:
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return True
    number = value.isdigit() and len(value) < 10
    if name in _DOUBTFUL:
        return not (number or "%2F" in value or "." in value)
    return name in _CLOCKS and value.isdigit() and not number
