"""Makes the package of the working copy importable in the running interpreter's environment."""

import sysconfig
import tomllib
from pathlib import Path


def main() -> None:
    """Writes a path file, and metadata for the entry points of the package."""
    here = Path(__file__).resolve().parent
    site = Path(sysconfig.get_path("purelib"))
    project = tomllib.loads((here / "pyproject.toml").read_text())["project"]
    workspace = tomllib.loads((here.parent / "Cargo.toml").read_text())["workspace"]
    version = workspace["package"]["version"]
    (site / "hubstream.pth").write_text(f"{here / 'src'}\n")
    info = site / f"hubstream-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {version}\n"
    )
    (info / "INSTALLER").write_text("hubstream-develop\n")
    lines = []
    for group, entries in project["entry-points"].items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {target}" for name, target in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


main()
