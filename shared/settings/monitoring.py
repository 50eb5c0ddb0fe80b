"""Metrics, traces and logs."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.settings.values import WebAddress


class Monitoring(BaseModel):
    """Metrics, traces and logs."""

    model_config = ConfigDict(title="Monitoring")

    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port on which a worker serves `/metrics` for Prometheus; 0 for none."
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        description="Collector that traces are sent to, OTLP over HTTP (`http://host:4318`). Not set: no traces.",
    )
    grafana_url: WebAddress | None = Field(
        None,
        description="URL of this service's Grafana dashboard for browsers; the console links to it. Not set: no link.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level that is logged.")
    log_format: Literal["console", "json"] = Field(
        "console", description="`json` for machines, one object per line; `console` for people."
    )
