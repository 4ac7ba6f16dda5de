"""Who comes in an emergency, and with what: teams and spare parts 应急队伍与备件."""
