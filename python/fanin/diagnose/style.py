"""The style sheets of reports."""

from __future__ import annotations

_DARK = """
  --paper: #15171a; --ink: #e8eaed; --grey: #a6abb2; --line: #3a3f45; --soft: #1f2226;
  --blue: #56a8e0; --fault: #ff9a66; --warning: #f0c05a; --proved: #5fd3a8;
"""

PAGE = f"""
:root {{
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1a1c1f; --grey: #5f6368; --line: #d9dce0; --soft: #f4f5f7;
  --blue: #0072b2; --fault: #a83c00; --warning: #735500; --proved: #00664a;
}}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}
body {{
  max-width: 68rem; margin: 0 auto; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
}}
h1 {{ margin: 0 0 .5rem; line-height: 1.2; }}
h2 {{ margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }}
h3 {{ margin: 0; font-size: 1.1rem; }}
p {{ margin: .4rem 0; max-width: 48rem; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
dt, figcaption, caption, .advice, .place {{ color: var(--grey); }}
ol {{ margin: 0; padding: 0; list-style: none; }}
.finding {{
  margin: 0 0 1rem; padding: .75rem 1rem; border: 1px solid var(--line); border-left: .35rem solid var(--grey);
  border-radius: .3rem; overflow-wrap: anywhere;
}}
.fault {{ border-left-color: var(--fault); }}
.warning {{ border-left-color: var(--warning); }}
.badge {{
  margin-left: .4rem; padding: 0 .5rem; border: 1px solid; border-radius: 1rem; font-size: .8rem; font-weight: 600;
}}
.badge.fault {{ color: var(--fault); }}
.badge.warning {{ color: var(--warning); }}
.badge.proved {{ color: var(--proved); }}
pre {{
  margin: .4rem 0; padding: .6rem .8rem; background: var(--soft); border-radius: .3rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font-size: .9rem;
}}
figure {{ margin: 1rem 0; overflow-x: auto; }}
figure svg {{ display: block; width: 100%; min-width: 36rem; height: auto; }}
figure svg text {{ fill: var(--ink); }}
figcaption, caption {{ font-size: .9rem; text-align: left; max-width: 48rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .2rem .8rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }}
th:first-child {{ padding-left: 0; text-align: left; }}
@media print {{
  body {{ max-width: none; padding: 0; font-size: 10pt; }}
  .finding, figure, tr {{ break-inside: avoid; }}
  h2, h3, caption {{ break-after: avoid; }}
  figure svg {{ min-width: 0; }}
}}
"""

# beside that of all that notebooks show
NOTEBOOK = """
.fanin details { margin: .3em 0; padding: .2em .6em; border-left: .25em solid #8888; max-width: 60rem; }
.fanin details.fault { border-left-color: #d55e00; }
.fanin details.warning { border-left-color: #e69f00; }
.fanin summary { cursor: pointer; }
.fanin details p { margin: .3em 0; }
.fanin .badge { margin-left: .4em; padding: 0 .5em; border: 1px solid; border-radius: 1em; font-size: .85em; }
.fanin .advice, .fanin .place { opacity: .75; }
.fanin pre { white-space: pre-wrap; margin: .3em 0; color: inherit; background: #8882; padding: .3em .6em; }
"""
