# The page that the server carries (web/): HF_PAGE is true where it is built with it.
#
# Packages are installed here, at configure time and only when the lock file has changed, so that
# ninja needs no network, and a machine without npm builds a server without the page.

option(HF_WEB "Build the page into the server; needs Node 18 and npm, and network the first time" ON)
set(HF_PAGE FALSE)

function(holdfast_page_packages result)
  set(web ${PROJECT_SOURCE_DIR}/web)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${web}/package-lock.json)
  file(SHA256 ${web}/package-lock.json wanted)
  set(installed "")
  set(stamp ${web}/node_modules/.installed)
  if(EXISTS ${stamp})
    file(READ ${stamp} installed)
  endif()
  if(NOT installed STREQUAL wanted)
    message(STATUS "Page: npm ci in web/")
    execute_process(COMMAND ${HF_NPM} ci --ignore-scripts --no-audit --no-fund
                            --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 --prefix ${web}
                    WORKING_DIRECTORY ${web} RESULT_VARIABLE failed OUTPUT_QUIET)
    if(failed)
      set(${result} FALSE PARENT_SCOPE)
      return()
    endif()
    file(WRITE ${stamp} ${wanted})
  endif()
  set(${result} TRUE PARENT_SCOPE)
endfunction()

if(HF_WEB)
  find_program(HF_NODE NAMES node nodejs)
  find_program(HF_NPM npm)
  if(HF_NODE AND HF_NPM)
    holdfast_page_packages(HF_PAGE)
    if(NOT HF_PAGE)
      message(WARNING "Page: npm could not install the packages of web/package-lock.json (is there "
                      "network?). The server is built WITHOUT its page; configure again to try again.")
    endif()
  else()
    message(STATUS "Page: node or npm is not found (tools/setup installs them). The server is built "
                   "WITHOUT its page.")
  endif()
else()
  message(STATUS "Page: HF_WEB=OFF, the server is built without its page")
endif()

# Adds the page's files to a target, or their absence.
function(holdfast_add_page target absent)
  if(NOT HF_PAGE)
    target_sources(${target} PRIVATE ${absent})
    return()
  endif()
  set(web ${PROJECT_SOURCE_DIR}/web)
  set(made ${CMAKE_CURRENT_BINARY_DIR}/page_files.cpp)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/*)
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${HF_NODE} ${web}/build.mjs ${made}
    DEPENDS ${sources} ${web}/build.mjs ${web}/index.html ${web}/tsconfig.json
            ${web}/package-lock.json
    COMMENT "Building the page")
  target_sources(${target} PRIVATE ${made})
  set_source_files_properties(${made} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
