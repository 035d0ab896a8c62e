module github.com/sothebais/sothebais/plugins

go 1.26.0

require github.com/sothebais/sothebais/sdk/go v0.0.0

require (
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	go.yaml.in/yaml/v4 v4.0.0
)

require golang.org/x/text v0.14.0 // indirect

replace github.com/sothebais/sothebais/sdk/go => ../sdk/go

ignore ./scenerules/node_modules
