"""Runs in QGIS's own Python: tells how QGIS opens the layers of a GeoPackage, and draws one of them.

Usage: python3 in_qgis.py plans.gpkg map_knee picture.png; prints JSON.
"""

import json
import os
import sys
from pathlib import Path

from qgis.core import (  # type: ignore[import-not-found]
    QgsApplication,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize  # type: ignore[import-not-found]


def described(layer: QgsVectorLayer) -> dict[str, object]:
    """What QGIS makes of a layer."""
    renderer = layer.renderer()
    told = {"valid": layer.isValid(), "features": layer.featureCount(), "crs": layer.crs().authid()}
    if renderer is None or renderer.type() != "categorizedSymbol":
        return told
    at = layer.fields().indexOf(renderer.classAttribute())
    kinds = {entry.value(): [entry.label(), entry.symbol().color().name()] for entry in renderer.categories()}
    return {**told, "by": renderer.classAttribute(), "kinds": kinds, "values": sorted(layer.uniqueValues(at))}


def raster(path: str) -> dict[str, object]:
    """What QGIS makes of a raster with the style beside it."""
    layer = QgsRasterLayer(path, "plan")
    renderer = layer.renderer()
    told = {"valid": layer.isValid(), "crs": layer.crs().authid(), "type": renderer.type()}
    if renderer.type() != "paletted":
        return told
    return {**told, "kinds": [[entry.value, entry.label, entry.color.name()] for entry in renderer.classes()]}


def draw(layer: QgsVectorLayer, path: str) -> None:
    """Draw a layer as QGIS shows it."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setExtent(layer.extent())
    settings.setOutputSize(QSize(600, 600))
    settings.setDestinationCrs(layer.crs())
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(path)


def main() -> None:
    """Tell of every layer."""
    path, drawn, picture = sys.argv[1:]
    app = QgsApplication([], False)
    app.initQgis()
    layers = {
        entry.name(): QgsVectorLayer(entry.uri(), entry.name(), "ogr")
        for entry in QgsProviderRegistry.instance().querySublayers(path)
    }
    draw(layers[drawn], picture)
    told = {name: described(layer) for name, layer in layers.items()}
    for file in sorted(Path(path).parent.glob("rasters/*.tif")):
        told[f"raster_{file.stem}"] = raster(str(file))
    print(json.dumps(told), flush=True)
    os._exit(0)  # QGIS crashes when it tidies up after Python has


if __name__ == "__main__":
    main()
