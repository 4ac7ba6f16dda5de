"""Who answers, and who stands under whom."""
