"""Words of the planner's tables in both languages."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "indicators": "Indicators", "balance": "Land balance", "matrix": "Change matrix",
        "regions": "Regions",
        "notes": "Notes", "measures": "Measures", "indicator": "Indicator", "kind": "Kind", "unit": "Unit",
        "today": "Today", "plan": "Plan", "change": "Change", "target": "Bound", "met": "Met",
        "owner": "Owner",
        "binding": "binding", "expected": "expected", "yes": "yes", "no": "no", "class": "Land class",
        "share_today": "Share today", "share_plan": "Share planned", "ha": "ha", "wan": "10^4 mu",
        "sum": "Sum", "from_to": "from (rows) to (columns)", "region": "Region", "treated": "Treated, ha",
        "measure": "Measure", "parcels": "Parcels", "at_least": "at least", "at_most": "at most",
        "run": "Run", "point": "Point of the front", "digest": "Digest of the study", "title": "Study",
        "made": "Made", "no_cover": "The study names no land cover: no land balance, no matrix.",
        "said": "Computed from the run's plan and the input tables; areas in ha, 1 ha = 15 mu.",
        "source": "Source",
    },
    "zh": {
        "indicators": "指标表", "balance": "土地平衡表",
        "matrix": "现状-规划变化矩阵", "regions": "分区得失", "notes": "说明", "measures": "措施",
        "indicator": "指标", "kind": "属性", "unit": "单位",
        "today": "现状", "plan": "规划", "change": "变化", "target": "限值",
        "met": "是否达到", "owner": "责任方",
        "binding": "约束性", "expected": "预期性", "yes": "是", "no": "否", "class": "地类",
        "share_today": "现状占比", "share_plan": "规划占比", "ha": "公顷", "wan": "万亩",
        "sum": "合计", "from_to": "现状（行）→ 规划（列）", "region": "区域", "treated": "治理面积（公顷）",
        "measure": "措施", "parcels": "地块数", "at_least": "不低于", "at_most": "不高于",
        "run": "运行", "point": "前沿上的方案", "digest": "研究文件摘要值", "title": "研究",
        "made": "生成时间", "no_cover": "研究未指定土地利用现状，无土地平衡表与变化矩阵。",
        "said": "由运行结果中的方案与输入表计算；面积单位为公顷，1 公顷 = 15 亩。",
        "source": "来源",
    },
}  # fmt: skip
CLASSES_ZH = {
    "cropland": "耕地", "orchard": "园地", "forest": "林地", "grassland": "草地", "wetland": "湿地",
    "water": "水域", "built": "建设用地", "other": "其他土地",
}  # fmt: skip
