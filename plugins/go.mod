module github.com/sothebais/sothebais/plugins

go 1.26.0

require github.com/sothebais/sothebais/sdk/go v0.0.0

require gopkg.in/yaml.v3 v3.0.1

replace github.com/sothebais/sothebais/sdk/go => ../sdk/go

ignore ./scenerules/node_modules
