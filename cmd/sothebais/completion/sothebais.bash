# bash completion for sothebais; written by `sothebais completion bash`.
_sothebais() {
	local line word rest before
	local -a words
	# The line itself is read, because bash cuts words at = : @, which ids and addresses have.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
	word=${words[${#words[@]} - 1]}
	rest=${word##*[=:]}
	before=${word%"$rest"} # what bash takes for words of their own, and keeps
	[[ $rest == *@* ]] && before+=${rest%@*}
	COMPREPLY=()
	while IFS= read -r line; do
		line=${line%%$'\t'*}
		COMPREPLY+=("${line#"$before"}")
	done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _sothebais sothebais
