"""Electronic supervision 电子监察: yellow and red cards by rule, contested in one step, ruled on by somebody else."""
