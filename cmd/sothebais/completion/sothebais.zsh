#compdef sothebais
# zsh completion for sothebais; written by `sothebais completion zsh`.
_sothebais() {
	local line
	local -a found
	for line in "${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
		[[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
	done
	if (( $#found )); then
		_describe -t sothebais 'sothebais' found
	else
		_files
	fi
}
compdef _sothebais sothebais
