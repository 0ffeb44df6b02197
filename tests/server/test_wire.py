"""The wire is generated: what is committed for the page is what the program says today."""

import importlib.util
import json
import re
from pathlib import Path

from pydantic import BaseModel

from latentscape.records import exhibit
from latentscape.records.measure import Measure, Provenance, Row
from latentscape.records.packet import MEDIA_TYPE

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)


def test_the_wire_is_what_the_program_says_today():
    written = generate.WIRE.read_text(encoding="utf-8")
    assert written == generate.wire(), "run `make docs`, then `npm run api` in web"


def test_every_body_is_on_it_as_the_program_has_it():
    schemas = json.loads(generate.wire())["components"]["schemas"]
    bodies = {
        name: kind
        for name, kind in vars(exhibit).items()
        if isinstance(kind, type) and issubclass(kind, BaseModel) and name != "Record"
    }
    for name, kind in {**bodies, "Measure": Measure, "Provenance": Provenance, "Row": Row}.items():
        assert set(schemas[name]["properties"]) == set(kind.model_fields)


def test_the_page_names_bodies_that_there_are():
    named = re.findall(r'Schemas\["(\w+)"\]', (ROOT / "web/src/api/bodies.ts").read_text())
    assert len(named) > 10
    assert set(named) <= set(json.loads(generate.wire())["components"]["schemas"])


def test_types_are_of_the_same_wire():
    """Without Node: each schema and address stands in the generated TypeScript, and no other."""
    wire = json.loads(generate.wire())
    types = (ROOT / "web/src/api/schema.ts").read_text(encoding="utf-8")
    addresses = re.findall(r'^    "(/[^"]*)": \{$', types, flags=re.MULTILINE)
    assert set(addresses) == set(wire["paths"]), "run `npm run api` in web"
    schemas = types[types.index("    schemas: {") : types.index("    responses: ")]
    names = re.findall(r"^        (\w+): \{$", schemas, flags=re.MULTILINE)
    assert set(names) == set(wire["components"]["schemas"]), "run `npm run api` in web"


def test_packets_are_said_to_be_packets():
    paths = json.loads(generate.wire())["paths"]
    look = paths["/api/exhibits/{key}/look"]["post"]
    schema = look["responses"]["200"]["content"][MEDIA_TYPE]["schema"]
    assert schema == {"$ref": "#/components/schemas/Look"}
