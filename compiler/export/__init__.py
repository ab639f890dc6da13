"""Export: functions as files that run without their source."""
