-- Asks wrk's server for the addresses in the file BENCH_PATHS, line by line and over again.

local requests, order, place = {}, {}, 0

function init()
   local known = {}
   for path in io.lines(os.getenv("BENCH_PATHS")) do
      if not known[path] then
         requests[#requests + 1] = wrk.format("GET", path)
         known[path] = #requests
      end
      order[#order + 1] = known[path]
   end
end

function request()
   place = place % #order + 1
   return requests[order[place]]
end
