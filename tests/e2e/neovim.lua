-- Opens a file in Neovim with the server attached, and writes what the editor shows as JSON.
-- Started by tests/e2e/test_neovim.py: nvim --headless -u NONE -S neovim.lua, with the server's
-- command, the file and the output's path in the environment.
local command = vim.split(os.getenv("STEPWELL_SERVER"), "\n")
local seen = {}

vim.cmd("edit " .. vim.fn.fnameescape(os.getenv("STEPWELL_FILE")))
local buffer = vim.api.nvim_get_current_buf()
local client = vim.lsp.start_client({
  name = "stepwell",
  cmd = command,
  root_dir = vim.fn.getcwd(),
  workspace_folders = { { uri = vim.uri_from_fname(vim.fn.getcwd()), name = "work" } },
})
vim.lsp.buf_attach_client(buffer, client)

local function found(wanted)
  vim.wait(20000, function()
    return #vim.diagnostic.get(buffer) == wanted
  end, 20)
  local list = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
    table.insert(list, {
      code = diagnostic.code,
      line = diagnostic.lnum,
      column = diagnostic.col,
      end_column = diagnostic.end_col,
      message = diagnostic.message,
    })
  end
  return list
end

local function ask(method, line, column)
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(buffer) },
    position = { line = line, character = column },
  }
  local answers = vim.lsp.buf_request_sync(buffer, method, params, 10000) or {}
  return (answers[client] or {}).result
end

local function attempt()
  seen.opened = found(1)
  local wrong = seen.opened[1]
  if wrong then
    -- What a person would do: type the right name over the wrong one.
    vim.api.nvim_buf_set_text(
      buffer, wrong.line, wrong.column, wrong.line, wrong.end_column, { os.getenv("STEPWELL_RIGHT") }
    )
    seen.mended = found(0)
    seen.definition = ask("textDocument/definition", wrong.line, wrong.column + 1)
    seen.hover = ask("textDocument/hover", wrong.line, wrong.column + 1)
  end
end

local ok, problem = pcall(attempt)
if not ok then
  seen.problem = tostring(problem)
end
vim.fn.writefile({ vim.json.encode(seen) }, os.getenv("STEPWELL_SEEN"))
vim.lsp.stop_client(client)
vim.cmd("qall!")
