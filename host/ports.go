package host

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// Ports are where the parts listen; 0 takes any free port. The variables are those of the service blocks
// (x00 the API, x01 sockets, x90 metrics, x91 health).
type Ports struct {
	Admin          int `name:"admin-port" env:"ADMIN_PORT" default:"3000" help:"Control room, public lot page and API."`
	AdminWS        int `name:"admin-ws-port" env:"ADMIN_WS_PORT" default:"3001" help:"The same over a port of its own for sockets."`
	AdminMetrics   int `name:"admin-metrics-port" env:"ADMIN_METRICS_PORT" default:"3090" hidden:""`
	AdminHealth    int `name:"admin-health-port" env:"ADMIN_HEALTH_PORT" default:"3091" hidden:""`
	RTMP           int `name:"rtmp-port" env:"STREAM_MANAGER_RTMP_PORT" default:"1935" help:"RTMP for players."`
	Stream         int `name:"stream-manager-port" env:"STREAM_MANAGER_PORT" default:"4200" help:"API of the stage and the stream."`
	StreamWS       int `name:"stream-manager-ws-port" env:"STREAM_MANAGER_WS_PORT" default:"4201" hidden:""`
	StreamMetrics  int `name:"stream-manager-metrics-port" env:"STREAM_MANAGER_METRICS_PORT" default:"4290" hidden:""`
	StreamHealth   int `name:"stream-manager-health-port" env:"STREAM_MANAGER_HEALTH_PORT" default:"4291" hidden:""`
	Events         int `name:"event-handler-port" env:"EVENT_HANDLER_PORT" default:"4300" help:"API of the ledger."`
	EventsStream   int `name:"event-handler-stream-port" env:"EVENT_HANDLER_STREAM_PORT" default:"4301" hidden:""`
	EventsMetrics  int `name:"event-handler-metrics-port" env:"EVENT_HANDLER_METRICS_PORT" default:"4390" hidden:""`
	EventsHealth   int `name:"event-handler-health-port" env:"EVENT_HANDLER_HEALTH_PORT" default:"4391" hidden:""`
	Auction        int `name:"auction-engine-port" env:"AUCTION_ENGINE_PORT" default:"4400" help:"API of the sale."`
	AuctionWS      int `name:"auction-engine-ws-port" env:"AUCTION_ENGINE_WS_PORT" default:"4401" hidden:""`
	AuctionMetrics int `name:"auction-engine-metrics-port" env:"AUCTION_ENGINE_METRICS_PORT" default:"4490" hidden:""`
	AuctionHealth  int `name:"auction-engine-health-port" env:"AUCTION_ENGINE_HEALTH_PORT" default:"4491" hidden:""`
	Agent          int `name:"agent-service-port" env:"AGENT_SERVICE_PORT" default:"4500" help:"API of the plugins."`
	AgentWS        int `name:"agent-service-ws-port" env:"AGENT_SERVICE_WS_PORT" default:"4501" hidden:""`
	AgentMetrics   int `name:"agent-service-metrics-port" env:"AGENT_SERVICE_METRICS_PORT" default:"4590" hidden:""`
	AgentHealth    int `name:"agent-service-health-port" env:"AGENT_SERVICE_HEALTH_PORT" default:"4591" hidden:""`
}

// Port is one row of Ports.
type Port struct {
	Name string // the variable that sets it
	Role string // admin, stream, events, auction, agent
	Use  string // http, ws, metrics, health, rtmp
	N    int
}

// All lists the ports with the variable that sets each.
func (p Ports) All() []Port {
	return []Port{
		{"ADMIN_PORT", "admin", "http", p.Admin}, {"ADMIN_WS_PORT", "admin", "ws", p.AdminWS},
		{"ADMIN_METRICS_PORT", "admin", "metrics", p.AdminMetrics}, {"ADMIN_HEALTH_PORT", "admin", "health", p.AdminHealth},
		{"STREAM_MANAGER_RTMP_PORT", "stream", "rtmp", p.RTMP},
		{"STREAM_MANAGER_PORT", "stream", "http", p.Stream}, {"STREAM_MANAGER_WS_PORT", "stream", "ws", p.StreamWS},
		{"STREAM_MANAGER_METRICS_PORT", "stream", "metrics", p.StreamMetrics}, {"STREAM_MANAGER_HEALTH_PORT", "stream", "health", p.StreamHealth},
		{"EVENT_HANDLER_PORT", "events", "http", p.Events}, {"EVENT_HANDLER_STREAM_PORT", "events", "ws", p.EventsStream},
		{"EVENT_HANDLER_METRICS_PORT", "events", "metrics", p.EventsMetrics}, {"EVENT_HANDLER_HEALTH_PORT", "events", "health", p.EventsHealth},
		{"AUCTION_ENGINE_PORT", "auction", "http", p.Auction}, {"AUCTION_ENGINE_WS_PORT", "auction", "ws", p.AuctionWS},
		{"AUCTION_ENGINE_METRICS_PORT", "auction", "metrics", p.AuctionMetrics}, {"AUCTION_ENGINE_HEALTH_PORT", "auction", "health", p.AuctionHealth},
		{"AGENT_SERVICE_PORT", "agent", "http", p.Agent}, {"AGENT_SERVICE_WS_PORT", "agent", "ws", p.AgentWS},
		{"AGENT_SERVICE_METRICS_PORT", "agent", "metrics", p.AgentMetrics}, {"AGENT_SERVICE_HEALTH_PORT", "agent", "health", p.AgentHealth},
	}
}

// ErrPort says that a port cannot be listened on.
var ErrPort = errors.New("cannot listen")

// errBind says that no port can be listened on, because of the address.
var errBind = fmt.Errorf("%w", ErrPort)

// Listen opens a port on the address; the error names the variable and how to mend it.
func (p Port) Listen(bind string) (net.Listener, error) {
	if p.N < 0 || p.N > 65535 {
		return nil, fmt.Errorf("%s %d: %w: a port is a number from 1 to 65535, or 0 for any free one", p.Name, p.N, ErrPort)
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(bind, strconv.Itoa(p.N)))
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %d: %w: another program has the port; stop it, set %s to another number, or to 0 for any free one", p.Name, p.N, ErrPort, p.Name)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s %d: %w: ports below 1024 need privileges; set %s to a higher number", p.Name, p.N, ErrPort, p.Name)
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, new(*net.DNSError)):
		return nil, fmt.Errorf("%w on %s, which is no address of this machine (%w); set SOTHEBAIS_BIND to one, such as 127.0.0.1, or to 0.0.0.0 for all", errBind, bind, err)
	default:
		return nil, fmt.Errorf("%s %d: %w: %w", p.Name, p.N, ErrPort, err)
	}
}
