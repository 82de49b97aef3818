"""The reference of C++: Doxygen reads the public headers, and this writes its XML as pages of Sphinx's C++ domain."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# page: title, whether it is of values (whose functions are for kernels, not for users), headers or their folders
PAGES = {
    "network": ("Networks", False, ["network", "recurrent_state", "views", "coded_rows", "error", "cpu"]),
    "layers": ("Layers", True, ["layers"]),
    "losses": (
        "Losses, activations, initializers",
        True,
        ["losses", "activations", "initializers"],
    ),
    "fit": (
        "Training",
        False,
        [
            "fit",
            "training_options",
            "batches",
            "population",
            "solver_training",
            "objective",
            "watch",
            "budget",
        ],
    ),
    "rules": ("Update rules", True, ["rule", "update", "rules/rule", "rules"]),
    "schedules": ("Schedules", True, ["simple_schedules", "schedules", "clock"]),
    "solvers": ("Solvers", False, ["minimize", "whole_batch", "solvers"]),
    "functional": ("Functional", False, ["functional", "math", "eigen"]),
    "tables": (
        "Tables and text",
        False,
        ["table", "table_columns", "table_encoder", "table_model", "hashed_rows"],
    ),
    "ranks": ("Several machines", False, ["communicator", "mpi"]),
    "lists": ("Lists of values", False, ["fanin", "list", "names", "variant", "fields", "owned"]),
}


def doxygen(headers: Path, out: Path) -> Path:
    """Run Doxygen, and return the folder of its XML."""
    program = shutil.which("doxygen")
    if program is None:
        raise ExtensionError(
            "the C++ reference needs doxygen, which is not installed (Debian: apt-get install doxygen)"
        )
    out.mkdir(parents=True, exist_ok=True)
    settings = f"@INCLUDE = Doxyfile\nOUTPUT_DIRECTORY = {out}\n"
    done = subprocess.run([program, "-"], cwd=headers, input=settings, text=True, capture_output=True)
    if done.returncode:
        raise ExtensionError(f"doxygen: {done.stderr}")
    return out / "xml"


def escaped(text: str) -> str:
    return re.sub(r"([\\*`|_])", r"\\\1", text)


class Reference:
    """What Doxygen found, by header."""

    def __init__(self, xml: Path) -> None:
        self.compounds = {
            c.get("id"): c for p in sorted(xml.glob("*.xml")) for c in ET.parse(p).iter("compounddef")
        }
        self.names = {key: c.findtext("compoundname", "") for key, c in self.compounds.items()}
        self.headers: dict[str, ET.Element] = {}
        self.entities: dict[str, list[tuple[int, ET.Element]]] = defaultdict(list)
        for compound in self.compounds.values():
            place = compound.find("location")
            kind = compound.get("kind")
            if kind == "file" and place is not None:
                self.headers[place.get("file", "")] = compound
            elif kind == "namespace" and self.names[compound.get("id")].startswith("fanin"):
                for member in compound.iter("memberdef"):
                    self.names[member.get("id")] = member.findtext("qualifiedname", "")
                    self._add(member)
            elif kind in ("class", "struct") and place is not None:
                for member in compound.iter("memberdef"):
                    self.names[member.get("id")] = member.findtext("qualifiedname", "")
                if self.names[compound.get("id")].rpartition("::")[0] in (
                    "fanin",
                    "fanin::math",
                    "fanin::cpu",
                ):
                    self._add(compound)
        self.left = set(self.headers)

    def _add(self, entity: ET.Element) -> None:
        place = entity.find("location")
        assert place is not None
        file = place.get("declfile", place.get("file", ""))
        self.entities[file].append((int(place.get("declline", place.get("line", "0"))), entity))

    def inline(self, element: ET.Element) -> str:
        """Return a paragraph in reStructuredText."""
        parts = [escaped(element.text or "")]
        for child in element:
            inside = "".join(child.itertext())
            if child.tag == "ref" and self.names.get(child.get("refid"), "").startswith("fanin"):
                parts.append(f":cpp:any:`{inside} <{self.names[child.get('refid')]}>`\\ ")
            elif child.tag == "computeroutput":
                parts.append(f"``{inside}``\\ ")
            else:
                parts.append(self.inline(child))
            parts.append(escaped(child.tail or ""))
        return re.sub(r"\s*\n\s*", " ", "".join(parts)).strip()

    def described(self, entity: ET.Element) -> Iterator[str]:
        """Yield the lines of a comment."""
        for kind in ("briefdescription", "detaileddescription"):
            for paragraph in entity.findall(f"{kind}/para"):
                yield from self._paragraph(paragraph)

    def _paragraph(self, paragraph: ET.Element) -> Iterator[str]:
        text = ET.Element("para")
        text.text = paragraph.text
        for child in [*paragraph, None]:
            if child is not None and child.tag not in (
                "verbatim",
                "programlisting",
                "orderedlist",
                "itemizedlist",
            ):
                text.append(child)
                continue
            if written := self.inline(text):
                yield from (written, "")
            if child is None:
                return
            text = ET.Element("para")
            text.text = child.tail
            if child.tag.endswith("list"):
                for item in child.iter("listitem"):
                    yield f"- {' '.join(self.inline(para) for para in item.findall('para'))}"
            else:
                yield from (".. code-block:: text", "")
                yield from (f"   {line}" for line in "".join(child.itertext()).strip("\n").splitlines())
            yield ""

    def entity(self, entity: ET.Element, values: bool, inside: str = "") -> Iterator[str]:
        """Yield the directive of a class, function, ... with its comment and members."""
        kind = entity.get("kind", "")
        if kind in ("class", "struct"):
            name = self.names[entity.get("id")].removeprefix(inside or "fanin::")
            bases = ", ".join(f"public {base.text}" for base in entity.findall("basecompoundref"))
            yield f".. cpp:{kind}:: {template(entity)}{name}{' : ' if bases else ''}{bases.replace('fanin::', '')}"
        else:
            yield f".. cpp:{declaration(entity, inside)}"
        yield ""
        yield from indented(self.described(entity))
        outer = f"{self.names.get(entity.get('id'), '')}::"
        if kind == "enum":
            for value in entity.findall("enumvalue"):
                yield from indented([f".. cpp:enumerator:: {value.findtext('name')}", ""])
                yield from indented(indented(self.described(value)))
        for member in sorted(entity.iterfind("sectiondef/memberdef"), key=line_of):
            if member.get("prot") == "public" and shown(member, values):
                yield from indented(self.entity(member, values, outer))
        for inner in entity.findall("innerclass"):
            compound = self.compounds[inner.get("refid")]
            if inner.get("prot") == "public" and (
                not values or compound.find("detaileddescription/para") is not None
            ):
                yield from indented(self.entity(compound, values, outer))

    def page(self, title: str, values: bool, topics: list[str]) -> Iterator[str]:
        """Yield the lines of a page; a topic is a header with those of its folder, which it includes."""
        yield from (title, "=" * len(title), "", ".. cpp:namespace:: fanin", "")
        for topic in topics:
            headers = [
                h for h in sorted(self.left) if h == f"fanin/{topic}.hpp" or h.startswith(f"fanin/{topic}/")
            ]
            self.left -= set(headers)
            name = f"fanin/{topic}.hpp" if f"fanin/{topic}.hpp" in headers else f"fanin/{topic}/all.hpp"
            yield from (f"``<{name}>``", "-" * (len(name) + 6), "")
            yield from self.described(self.headers[name])
            for header in headers:
                for _, entity in sorted(self.entities[header], key=lambda pair: pair[0]):
                    if shown(entity, values):
                        yield from self.entity(entity, values)


def line_of(member: ET.Element) -> int:
    place = member.find("location")
    return int(place.get("line", "0")) if place is not None else 0


def indented(lines: Iterator[str] | list[str]) -> Iterator[str]:
    return (f"   {line}" if line else "" for line in lines)


def documented(entity: ET.Element) -> bool:
    return any(
        entity.find(f"{kind}/para") is not None for kind in ("briefdescription", "detaileddescription")
    )


def shown(entity: ET.Element, values: bool) -> bool:
    """Whether an entity is for users; of values, the kernels call all functions and read the constants."""
    kind, name = entity.get("kind"), entity.findtext("name", "")
    explicit = entity.findtext("type", "").startswith("template")
    if kind == "friend" or name.startswith(("~", "operator")) or explicit:
        return False
    constant = kind == "variable" and entity.get("constexpr") == "yes"
    return documented(entity) or not values or not (kind == "function" or constant)


def words(entity: ET.Element, tag: str) -> str:
    found = entity.find(tag)
    return "" if found is None else " ".join("".join(found.itertext()).split())


def template(entity: ET.Element) -> str:
    found = entity.find("templateparamlist")
    if found is None:
        return ""
    parameters = [[words(p, tag) for tag in ("type", "declname", "defval")] for p in found.findall("param")]
    written = (f"{type_} {name}{value and ' = '}{value}".strip() for type_, name, value in parameters)
    return f"template<{', '.join(written)}> "


def declaration(entity: ET.Element, inside: str) -> str:
    """Return the kind of directive and the declaration of a member or function."""
    kind, name, arguments = (
        entity.get("kind"),
        entity.findtext("name", ""),
        entity.findtext("argsstring") or "",
    )
    type_ = re.sub("constexpr |inline ", "", words(entity, "type"))
    if not inside:
        name = entity.findtext("qualifiedname", "").removeprefix("fanin::")
    if kind == "enum":
        return f"enum{'-class' if entity.get('strong') == 'yes' else ''}:: {name}"
    if kind == "typedef":
        return f"type:: {template(entity)}{name} = {type_}"
    static = "static " if entity.get("static") == "yes" and inside else ""
    if kind == "variable":
        value = words(entity, "initializer")
        value = "" if value.startswith("= [") else value  # a lambda that is called at once
        return f"member:: {template(entity)}{static}{type_} {name}{arguments} {value}".rstrip()
    return f"function:: {template(entity)}{f'{static}{type_} {name}'.strip()}{' '.join(arguments.split())}"


def write(app: Sphinx) -> None:
    """Write the pages, if they have changed."""
    source = Path(app.srcdir)
    found = Reference(doxygen(source.parent / "cpp", Path(app.doctreedir) / "doxygen"))
    for page, (title, values, topics) in PAGES.items():
        text = "\n".join(found.page(title, values, topics)) + "\n"
        path = source / "reference" / "generated" / "cpp" / f"{page}.rst"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    if found.left:
        raise ExtensionError(f"{', '.join(sorted(found.left))}: missing in PAGES of {Path(__file__).name}")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
