"Packaging for ept: every field is read from settings.ini, so that there is one place to edit."
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

EXTRA = "_requirements"  # dev_requirements = ... is what the extra `dev` needs


class BuildWithExperiments(build_py):
    "The experiment notebooks travel in the package, so that an installation without the clone has them too."
    def run(self):
        super().run()
        if self.editable_mode: return
        folder = Path(self.build_lib)/"ept"/"experiments"
        self.mkpath(str(folder))
        for notebook in sorted(Path("nbs/experiments").glob("[!._]*.ipynb")):
            self.copy_file(str(notebook), str(folder/notebook.name))


config = ConfigParser(delimiters=["="], interpolation=None)
config.read("settings.ini", encoding="utf-8")
cfg = config["DEFAULT"]

setup(
    name=cfg["dist_name"],  # `ept` on the public index is another project
    version=cfg["version"],
    description=cfg["description"],
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    keywords=cfg["keywords"],
    author=cfg["author"],
    author_email=cfg["author_email"],
    license="Apache-2.0",
    url=cfg["git_url"],
    packages=find_packages(include=["ept", "ept.*"]),
    package_data={"ept": ["py.typed"]},
    python_requires=">=" + cfg["min_python"],
    install_requires=cfg["requirements"].split(),
    extras_require={key.removesuffix(EXTRA): cfg[key].split() for key in cfg if key.endswith(EXTRA)},
    cmdclass={"build_py": BuildWithExperiments},
    entry_points={"console_scripts": cfg["console_scripts"].split(), "nbdev": ["ept=ept._modidx:d"]},
)
