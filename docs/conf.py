"""Builds the site: sphinx-build -W docs site, with the extra [docs]."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sphinx_gallery.sorting import ExplicitOrder

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS / "examples")]

project = "fanin"
author = "The fanin authors"
copyright = "the fanin authors, BSD-3-Clause"
version = release = re.search(
    r"project\(fanin VERSION ([0-9.]+)", (DOCS.parent / "CMakeLists.txt").read_text()
)[1]  # type: ignore[index]

extensions = [
    "linked_names",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "cpp_reference",
    "reference",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["examples"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
toc_object_entries_show_parents = "hide"
default_role = "py:obj"

# the gallery's order: as the textbook's, then comparisons with other libraries
THEMES = """
    bowls inputs depth base_rate six_rules batches learning_rate averages rate_race doctor momentum gains signs
    scipy_minimize deep_autoencoder gradient_by_lag seasonal_forecast words_by_language autoencoder filters newsgroups
    random_search scales coarse_to_fine batch_norm migration peers pareto
"""
sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"(common|made_text|word_lists)\.py$",
    "within_subsection_order": ExplicitOrder([f"{name}.py" for name in THEMES.split()]),
    "thumbnail_size": (400, 200),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "plot_gallery": True,
    "abort_on_example_error": True,
    "matplotlib_animations": False,
    "notebook_extensions": set(),
    "doc_module": ("fanin",),
    "reference_url": {"fanin": None},
}

html_theme = "pydata_sphinx_theme"
html_title = "fanin"
html_static_path = ["_static"]
html_css_files = ["fanin.css", "pages.css"]
html_show_sourcelink = False
html_sidebars = {
    name: [] for name in ("start", "textbook", "performance", "design")
}  # pages without pages below
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
}
