// Package metrics counts what a running server does, in the form that Prometheus reads. Start with [New] and serve
// [Metrics.Handler] at an address that the public cannot reach.
//
// No label holds an id, an address or anything else that a visitor chooses: every label value comes from a list that is
// known when the program is built, so the number of series is bounded and none of them is about a person.
package metrics

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// Build says which program is running.
type Build struct {
	Version  string // of the module
	Revision string // of the source, "" when it is not known
	Go       string // version of the compiler
}

// Metrics are the counters of one server. They may be used by several goroutines. A nil *Metrics counts nothing, so that
// a server without a metrics address need not ask.
type Metrics struct {
	registry      *prometheus.Registry
	requests      *prometheus.CounterVec
	durations     *prometheus.HistogramVec
	verifications *prometheus.CounterVec
	acts          *prometheus.CounterVec
	fetchErrors   *prometheus.CounterVec
	updates       *prometheus.HistogramVec
	certificate   prometheus.Gauge
}

// New returns counters at zero.
func New(b Build) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "laurel_http_requests_total",
			Help: "Requests answered, by route, method and class of the status."}, []string{"route", "method", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "laurel_http_request_duration_seconds",
			Help:    "Time from the header of a request to the end of its answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"route"}),
		verifications: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "laurel_verifications_total",
			Help: "Badges checked, for visitors and for the pages of awards, by outcome: valid, invalid, unknown, or error when the check could not run."}, []string{"outcome"}),
		acts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "laurel_acts_total",
			Help: "What was done, by the name of the act in the audit log, such as credential.issued and credential.revoked."}, []string{"act"}),
		fetchErrors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "laurel_fetch_errors_total",
			Help: "Documents of others that could not be read, by kind: blocked, too_large, unavailable."}, []string{"kind"}),
		updates: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "laurel_store_update_duration_seconds",
			Help:    "Time until a change was on disk, or refused, by result: committed, failed.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5}}, []string{"result"}),
		certificate: prometheus.NewGauge(prometheus.GaugeOpts{Name: "laurel_tls_certificate_expiry_timestamp_seconds",
			Help: "When the TLS certificate of this server ends, in Unix time; absent when a proxy has it."}),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "laurel_build_info", Help: "Which program this is; always 1.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "go": b.Go}}, func() float64 { return 1 })
	canonicalized := func(path string, count func() uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "laurel_jsonld_documents_total", ConstLabels: prometheus.Labels{"path": path},
			Help: "JSON-LD documents brought into canonical form since the start, by path: compiled, or general for those that define terms themselves."},
			func() float64 { return float64(count()) })
	}
	m.registry.MustRegister(m.requests, m.durations, m.verifications, m.acts, m.fetchErrors, m.updates, build,
		canonicalized("compiled", func() uint64 { return proof.Canonicalized().Compiled }),
		canonicalized("general", func() uint64 { return proof.Canonicalized().General }),
		// Beside what it counts by itself: the heap that the last run of the collector found in use, which is what a leak shows in.
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/gc/heap/live:bytes$`)})), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers every request with the counters.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Request counts one answer. route is the pattern that matched, never the path; "" stands for none.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, methodName(method), strconv.Itoa(status/100)+"xx").Inc()
	m.durations.WithLabelValues(route).Observe(took.Seconds())
}

// methodName keeps made-up methods from becoming series.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Verification counts one check of a badge, by what [verifier.Verify] returned.
func (m *Metrics) Verification(report *verifier.Report, err error) {
	if m == nil {
		return
	}
	outcome := "error"
	if err == nil {
		outcome = string(report.Outcome)
	}
	m.verifications.WithLabelValues(outcome).Inc()
}

// Act counts one act by its name in the audit log, such as credential.revoked.
func (m *Metrics) Act(act string) {
	if m == nil {
		return
	}
	m.acts.WithLabelValues(act).Inc()
}

// Fetch counts a document of others that could not be read; nil counts nothing. err is one of a [verifier.Fetcher].
func (m *Metrics) Fetch(err error) {
	if m == nil || err == nil {
		return
	}
	kind := "unavailable"
	switch {
	case errors.Is(err, verifier.ErrBlocked):
		kind = "blocked"
	case errors.Is(err, verifier.ErrTooLarge):
		kind = "too_large"
	}
	m.fetchErrors.WithLabelValues(kind).Inc()
}

// Update records how long a change of the store took.
func (m *Metrics) Update(took time.Duration, err error) {
	if m == nil {
		return
	}
	result := "committed"
	if err != nil {
		result = "failed"
	}
	m.updates.WithLabelValues(result).Observe(took.Seconds())
}

// Certificate records when the TLS certificate in use ends. The first call makes its series appear.
func (m *Metrics) Certificate(end time.Time) {
	if m == nil {
		return
	}
	m.certificate.Set(float64(end.Unix()))
	_ = m.registry.Register(m.certificate) // the one error is that it is there already
}
