"""Statistics of recorded spikes, activity and traces, each with its standard error."""
