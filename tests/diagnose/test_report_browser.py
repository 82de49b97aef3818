"""A real browser, without a network, shows all of a report."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from diagnosed import diagnosed
from fanin.diagnose.html import report_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9")
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions")
MEASURE = """<script>
const boxes = query => [...document.querySelectorAll(query)].map(element => {
  const box = element.getBoundingClientRect();
  return {text: element.textContent.trim(), left: box.left, right: box.right, height: box.height};
});
const found = Object.fromEntries(["h1", "h2", "h3", ".finding", "figure svg", "figure svg image", "table"]
  .map(query => [query, boxes(query)]));
found.width = innerWidth;
found.overflow = document.documentElement.scrollWidth - innerWidth;
found.background = getComputedStyle(document.body).backgroundColor;
found.smallest = Math.min(...boxes("svg text").map(box => box.height));
document.body.dataset.found = JSON.stringify(found);
</script>"""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on PATH; on Debian: apt-get install chromium"
)


@pytest.fixture(scope="module")
def report():
    return report_of(diagnosed())


def browse(page, folder, *options, width):
    """Open a page; return what the browser prints, which logs each message of the page's console."""
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    places = (f"--user-data-dir={folder / 'profile'}", f"--window-size={width},1000")
    command = [CHROMIUM, *QUIET, *OFFLINE, *places, *options, "--enable-logging=stderr", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("width", "scheme", "background"), [(800, 1, "rgb(255, 255, 255)"), (1400, 0, "rgb(21, 23, 26)")]
)
def test_a_browser_shows_headings_figures_and_every_finding_in_light_and_dark(
    report, width, scheme, background, tmp_path
):
    page = report.replace("</body>", f"{MEASURE}</body>")
    dom = browse(page, tmp_path, "--dump-dom", f"--blink-settings=preferredColorScheme={scheme}", width=width)
    found = json.loads(html.unescape(re.search(r'data-found="([^"]*)"', dom)[1]))
    assert found["width"] == width
    assert found["overflow"] <= 0
    assert found["background"] == background
    assert [each["text"] for each in found["h1"]] == ["Diagnosis: 3 faults, 2 warnings"]
    assert [each["text"] for each in found["h2"]] == ["Findings", "Curves", "Layers by epoch"]
    findings = diagnosed().findings
    assert len(found["h3"]) == len(found[".finding"]) == len(findings)
    for finding, title in zip(findings, found["h3"], strict=True):
        assert finding.kind.replace("_", " ") in title["text"]
    assert len(found["figure svg"]) == 5
    assert len(found["figure svg image"]) >= 6
    assert len(found["table"]) == 2
    for kind in ("h1", "h2", "h3", ".finding", "figure svg", "table"):
        for each in found[kind]:
            assert each["height"] > 10
            assert 0 <= each["left"] < each["right"] <= width
    assert found["smallest"] > 8  # pixels


def test_the_browser_paints_curves_and_heat_maps(report, tmp_path):
    image = pytest.importorskip("matplotlib.image")
    only_layers = report.replace('<li class="finding', '<li hidden class="finding')
    browse(only_layers, tmp_path, f"--screenshot={tmp_path / 'page.png'}", "--hide-scrollbars", width=1400)
    pixels = (255 * image.imread(tmp_path / "page.png")[:, :, :3]).round()
    assert pixels.shape == (1000, 1400, 3)
    for colour in (
        (0, 114, 178),
        (213, 94, 0),
        (0, 158, 115),
        (68, 1, 84),
    ):  # three curves, and 0 in a heat map
        assert np.count_nonzero(np.abs(pixels - colour).max(axis=2) < 12) > 200, colour
