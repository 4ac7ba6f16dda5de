"""The invented divisions of Binhe: where their borders lie and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COMMUNITIES", "DISTRICTS", "DIVIDERS", "OUTLINE", "District"]

# Drawn round the streets; degrees, WGS-84.
OUTLINE = (
    (114.0011, 22.5505), (114.0224, 22.5505), (114.0239, 22.5492), (114.0319, 22.5503), (114.0398, 22.5504),
    (114.0398, 22.5174), (114.0366, 22.5167), (114.0328, 22.5185), (114.0290, 22.5206), (114.0232, 22.5238),
    (114.0188, 22.5258), (114.0157, 22.5248), (114.0141, 22.5237), (114.0090, 22.5263), (114.0048, 22.5287),
    (114.0003, 22.5297), (113.9970, 22.5300), (113.9970, 22.5450), (113.9992, 22.5450), (114.0025, 22.5438),
    (114.0054, 22.5448), (114.0021, 22.5468), (114.0011, 22.5485),
)  # fmt: skip

# Where a main road ends short of the outline the border of the districts runs on.
DIVIDERS = (
    ((113.9968, 22.5353), (113.99975, 22.53585)),
    ((114.0393, 22.5421), (114.0400, 22.5422)),
    ((114.0381, 22.5304), (114.0400, 22.5307)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """One district. `border` is a rough polygon (degrees): a block belongs where its middle lies."""

    code: str
    name: str
    name_en: str
    is_local: bool
    border: tuple[tuple[float, float], ...]
    streets: tuple[tuple[str, str], ...]


_SHENNAN = ((113.9960, 22.5352), (113.9997, 22.5359), (114.0126, 22.5381), (114.0224, 22.5396), (114.0410, 22.5424))
_CROSSING = (114.0234, 22.5396)
_INTERCHANGE = (114.0256, 22.5312)
DISTRICTS = (
    District(
        code="449902",
        name="香山区",
        name_en="Xiangshan District",
        is_local=False,
        border=(*_SHENNAN, (114.041, 22.552), (113.996, 22.552)),
        streets=(
            ("望湖街道", "Wanghu Sub-district"),
            ("文华街道", "Wenhua Sub-district"),
            ("梅岭街道", "Meiling Sub-district"),
            ("清泉街道", "Qingquan Sub-district"),
            ("锦绣街道", "Jinxiu Sub-district"),
        ),
    ),
    District(
        code="449903",
        name="沙浦区",
        name_en="Shapu District",
        is_local=False,
        border=(
            _CROSSING, _SHENNAN[-1], (114.041, 22.515), (114.012, 22.515), (114.0135, 22.5302), (114.0165, 22.5311),
            (114.0197, 22.5322), _INTERCHANGE,
        ),
        streets=(
            ("金沙街道", "Jinsha Sub-district"),
            ("福安街道", "Fu'an Sub-district"),
            ("临海街道", "Linhai Sub-district"),
            ("南湾街道", "Nanwan Sub-district"),
        ),
    ),
    District(
        code="449971",
        name="滨河高新技术产业开发区",
        name_en="Binhe High-tech Development Zone",
        is_local=True,
        border=(
            *_SHENNAN[:4], _CROSSING, _INTERCHANGE, (114.0197, 22.5322), (114.0165, 22.5311), (114.0135, 22.5302),
            (114.012, 22.515), (113.996, 22.515),
        ),
        streets=(
            ("科苑街道", "Keyuan Sub-district"),
            ("创新街道", "Chuangxin Sub-district"),
            ("红树湾街道", "Hongshuwan Sub-district"),
        ),
    ),
)  # fmt: skip

# By the code of the street; as many communities as names.
COMMUNITIES = {
    "449902001": (("望湖", "Wanghu"), ("景秀", "Jingxiu"), ("春晓", "Chunxiao")),
    "449902002": (("翠竹", "Cuizhu"), ("文华", "Wenhua"), ("竹园", "Zhuyuan")),
    "449902003": (("朝阳", "Chaoyang"), ("凤凰", "Fenghuang"), ("梅岭", "Meiling")),
    "449902004": (("友谊", "Youyi"), ("建设", "Jianshe"), ("清泉", "Qingquan")),
    "449902005": (("兰亭", "Lanting"), ("锦绣", "Jinxiu"), ("书院", "Shuyuan")),
    "449903001": (("金沙", "Jinsha"), ("桂花", "Guihua"), ("紫荆", "Zijing")),
    "449903002": (("福安", "Fu'an"), ("丰泽", "Fengze"), ("百花", "Baihua")),
    "449903003": (("临海", "Linhai"), ("永兴", "Yongxing"), ("渔村", "Yucun")),
    "449903004": (("太平", "Taiping"), ("祠堂前", "Citangqian"), ("南湾", "Nanwan")),
    "449971001": (("科苑", "Keyuan"), ("观澜", "Guanlan"), ("创业", "Chuangye")),
    "449971002": (("云谷", "Yungu"), ("星火", "Xinghuo"), ("启航", "Qihang")),
    "449971003": (("红树湾", "Hongshuwan"), ("白鹭", "Bailu"), ("码头", "Matou")),
}
