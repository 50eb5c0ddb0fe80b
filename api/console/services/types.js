// Types of the API's schemas. The type check generates `openapi` from the OpenAPI description.

/** @typedef {import("openapi").components["schemas"]["ExtractionResult"]} Extraction */
/** @typedef {import("openapi").components["schemas"]["ComparisonResult"]} Comparison */
/** @typedef {import("openapi").components["schemas"]["ComparedFace"]} ComparedFace */
/** @typedef {import("openapi").components["schemas"]["ComparisonWarning"]} ComparisonWarning */
/** @typedef {import("openapi").components["schemas"]["FaceEntry"]} Face */
/** @typedef {import("openapi").components["schemas"]["PageView"]} Page */
/** @typedef {import("openapi").components["schemas"]["PortraitQuality"]} Quality */
/** @typedef {import("openapi").components["schemas"]["JobView"]} Job */
/** @typedef {import("openapi").components["schemas"]["BatchView"]} Batch */
/** @typedef {import("openapi").components["schemas"]["BatchResult"]} BatchResult */
/** @typedef {import("openapi").components["schemas"]["ProblemDocument"]} ProblemDocument */
/** @typedef {import("openapi").components["schemas"]["SystemLoad"]} Load */
/** @typedef {import("openapi").components["schemas"]["LoadPoint"]} LoadPoint */
/** @typedef {import("openapi").components["schemas"]["RedisServer"]} RedisServer */
/** @typedef {import("openapi").components["schemas"]["WorkerState"]} WorkerState */
/** @typedef {import("openapi").components["schemas"]["RunningJob"]} RunningJob */
/** @typedef {import("openapi").components["schemas"]["FailureCode"]} FailureCode */
/** @typedef {import("openapi").components["schemas"]["FailedJob"]} FailedJob */
/** @typedef {import("openapi").components["schemas"]["LoadHistory"]} History */
/** @typedef {import("openapi").components["schemas"]["FaceMetadata"]} Metadata */
/** @typedef {import("openapi").components["schemas"]["ServiceInfo"]} Info */
/** @typedef {import("openapi").components["schemas"]["AcceptedFormat"]} Format */

export {};
