"""The text work on an SVG: two suits from one drawing, ids that never clash, bands cut off."""

import re

from latentscape.report.palette import DARK, FONTS, LIGHT

TITLE, SMALL_PRINT = "title-band", "small-print"
HALO = "halo"  # words that lie on a drawing and wear a rim of paper
ID = "LSID"  # stands before every id of an inline drawing until a page gives it its own prefix
_PALETTE = {colour: name for name, colour in LIGHT.items()}


def for_file(svg: str) -> str:
    """A drawing that stands alone: plain colours inside, a dark suit laid over by a style sheet.

    Plain colours stay in place because drawing programs do not know CSS variables.
    """
    rules = "".join(
        f'[style*="{prop}: {colour}"]{{{prop}:{DARK[name]} !important}}'
        for colour, name in _PALETTE.items()
        for prop in ("fill", "stroke")
    )
    paper = f"svg{{background:{LIGHT['card']}}}"
    dark = f"@media (prefers-color-scheme: dark){{svg{{background:{DARK['card']}}}{rules}}}"
    dark = f"{dark[:-1]}{_rim(DARK['card'])}}}"
    style = f"<style>text{{font-family:{FONTS}}}{paper}{_rim(LIGHT['card'])}{dark}</style>"
    return _plain(svg).replace("</metadata>", "").replace("<defs>", style + "<defs>", 1)


def _rim(paper: str) -> str:
    shape = "stroke-width:2.6px;stroke-linejoin:round;paint-order:stroke"
    return f'[id^="{HALO}"] text{{stroke:{paper};{shape}}}'


def for_page(svg: str, *, prefix: str, alt: str, top: float, bottom: float) -> str:
    """A drawing to lay inside a page.

    Args:
        svg: What matplotlib wrote.
        prefix: Put before every id, so that many drawings can live in one page.
        alt: Description for a screen reader.
        top: Height of the title band to cut, in points.
        bottom: Height of the small print's band to cut, in points.
    """
    svg = _plain(svg)
    svg = svg[svg.index("<svg") :]
    for band in (TITLE, SMALL_PRINT):
        svg = _without_group(svg, band)
    svg = re.sub(r' id="(?!image)', f' id="{prefix}-', svg)
    svg = svg.replace('xlink:href="#', f'xlink:href="#{prefix}-')
    svg = svg.replace("url(#", f"url(#{prefix}-").replace(' id="image', f' id="{prefix}-image')
    for colour, name in _PALETTE.items():
        svg = svg.replace(f": {colour}", f": var(--{name})")
    width, height = (float(v) for v in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    head = (
        f'<svg role="img" aria-label="{_attribute(alt)}" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 {top:g} {width:g} {height - top - bottom:g}" '
        'xmlns="http://www.w3.org/2000/svg">'
    )
    return head + svg[svg.index(">") + 1 :]


def _plain(svg: str) -> str:
    """Drop metadata and font names: the reader's own system font is used."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.S)
    svg = re.sub(r"font: ([^;\"']*?)([\d.]+)px [^;\"]*", _font, svg)
    return re.sub(r"\n\s*", "\n", svg)


def _font(match: re.Match[str]) -> str:
    weight = re.search(r"bold|[5-9]00", match[1])
    return f"font-size: {match[2]}px" + (f"; font-weight: {weight[0]}" if weight else "")


def _without_group(svg: str, name: str) -> str:
    start = svg.find(f'<g id="{name}')
    while start >= 0:
        depth, at = 0, start
        for tag in re.finditer(r"<g\b|</g>", svg[start:]):
            depth += 1 if tag[0] == "<g" else -1
            if depth == 0:
                at = start + tag.end()
                break
        svg = svg[:start] + svg[at:]
        start = svg.find(f'<g id="{name}')
    return svg


def _attribute(text: str) -> str:
    for sign, name in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, name)
    return text
