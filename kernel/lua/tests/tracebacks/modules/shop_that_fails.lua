local M = {}
M.size = M.options.size
return M
