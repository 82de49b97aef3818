# Plain comments of headers are their documentation: those before an entity, or after it on the same line.
# The comment on line 1 is the file's. Lines indented after // are code, such as equations.
# Attributes are left out.
FNR == 1 && /^\/\/ / { print "/// @file" }
match($0, /^ *\/\/( |$)/) {
  margin = $0
  sub(/\/\/.*/, "", margin)
  text = substr($0, length(margin) + 3)
  code = text ~ /^   /
  if (code != in_code) print margin "///"
  in_code = code
  print margin "///" (code ? "  " : "") text
  next
}
{
  in_code = 0
  gsub(/__attribute__\(\([^)]*\)+ |\[\[[^\]]*\]\] /, "")
  if ($0 ~ /[^ \/].*  \/\/ /) sub(/  \/\/ /, "  ///< ")
  print
}
